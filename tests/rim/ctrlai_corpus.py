"""The hostile corpus of Ctrl AI as data: what no honest client sends to its operations, and what may answer it.

Each case has a key, and with it a world, of its own, in which it is an admin's; those that come without one share the
lobby, whose quota is soon empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import blake2b
from typing import Any
from urllib.parse import quote_from_bytes

from tests.rim.corpus import (
    CONTENT_TYPES,
    FIELDS,
    HOST,
    JSON,
    METHODS,
    MIB,
    MISSHAPEN,
    ODD_VALUES,
    UNPARSED_METHODS,
    UNREADABLE,
    Case,
    Fields,
    Operation,
    dump,
)

FORM = (b"content-type", b"application/x-www-form-urlencoded")
DOMAIN, UNIT, CANDIDATE = "01HXD0MA1N0000000000CRED1T", "01HXVN1T000000000000000DT1", "01HXVN1T0000000000TH1NF11E"
VERA, REX = "01HXVSER00000000000000VERA", "01HXVSER000000000000000REX"
QUERY = "What is the credit risk of a loan application with a monthly debt of 1500 and a monthly income of 5000?"
PROGRAM = {
    "name": "Debt-to-income limit", "unitType": "program", "domainId": DOMAIN, "given": "A debt and an income.",
    "when": "credit risk", "then": "A ratio.", "inputSchema": {"debt": "number", "income": "number"},
    "outputSchema": {"ratio": "number"}, "definition": {"program": {"ratio": {"/": [{"var": "debt"}, {"var": "income"}]}}},
}  # fmt: skip
WORKFLOW = {"name": "Personal loan decision", "domainId": DOMAIN, "units": [UNIT, "01HXVN1T0000000000R1SKT1ER"]}

_V1 = b"/api/v1"
_UNIT, _DOMAIN = _V1 + b"/units/" + CANDIDATE.encode(), _V1 + b"/domains/" + DOMAIN.encode()
_FLOW, _ORG = _V1 + b"/workflows/credit-decision", _V1 + b"/orgs/acme"

OPERATIONS = (
    Operation("infer", "POST", _V1 + b"/inference", 200, {"query": QUERY, "additionalInputs": {"creditScore": 700}}),
    Operation("listUnits", "GET", _V1 + b"/units", 200),
    Operation("createUnit", "POST", _V1 + b"/units", 201, PROGRAM),
    Operation("getUnit", "GET", _UNIT, 200),
    Operation("updateUnit", "PATCH", _UNIT, 200, {"name": "Thin Files", "definition": {"elements": []}}),
    Operation("deleteUnit", "DELETE", _UNIT, 200),
    Operation("verifyUnit", "POST", _UNIT + b"/verify", 200, {"action": "approve", "comment": "Fine."}),
    Operation("assignReviewers", "POST", _UNIT + b"/assign", 200, {"reviewerIds": [REX]}),
    Operation("listWorkflows", "GET", _V1 + b"/workflows", 200),
    Operation("createWorkflow", "POST", _V1 + b"/workflows", 201, WORKFLOW),
    Operation(
        "composeWorkflow", "POST", _V1 + b"/workflows/compose", 200,
        {"description": "Decide on a loan.", "domainId": DOMAIN},
    ),
    Operation("getWorkflow", "GET", _FLOW, 200),
    Operation("updateWorkflow", "PATCH", _FLOW, 200, {"status": "archived"}),
    Operation("deleteWorkflow", "DELETE", _FLOW, 200),
    Operation("listDomains", "GET", _V1 + b"/domains", 200),
    Operation("createDomain", "POST", _V1 + b"/domains", 201, {"name": "Lending", "description": "Loans."}),
    Operation("getDomain", "GET", _DOMAIN, 200),
    Operation("updateDomain", "PATCH", _DOMAIN, 200, {"name": "Consumer lending"}),
    Operation("deleteDomain", "DELETE", _DOMAIN, 409),
    Operation("listDomainMembers", "GET", _DOMAIN + b"/members", 200),
    Operation("addDomainMember", "POST", _DOMAIN + b"/members", 201, {"userId": REX}),
    Operation("removeDomainMember", "DELETE", _DOMAIN + b"/members/01HXVSER00000000000000ANNA", 200),
    Operation("listOrgs", "GET", _V1 + b"/orgs", 200),
    Operation("createOrg", "POST", _V1 + b"/orgs", 201, {"name": "Northwind Bank"}),
    Operation("getOrg", "GET", _ORG, 200),
    Operation("updateOrg", "PATCH", _ORG, 200, {"name": "Acme Savings Bank"}),
    Operation("deleteOrg", "DELETE", _ORG, 200),
    Operation("listMembers", "GET", _ORG + b"/members", 200),
    Operation(
        "inviteMember", "POST", _ORG + b"/members", 201,
        {"email": "nora@acme.example", "role": "reviewer", "name": "Nora Lind"},
    ),
    Operation("changeMember", "PATCH", _ORG + b"/members/01HXMEMBER000000000000VERA", 200, {"role": "reviewer"}),
    Operation("removeMember", "DELETE", _ORG + b"/members/01HXMEMBER000000000000VERA", 200),
    Operation("listApiKeys", "GET", _ORG + b"/api-keys", 200),
    Operation(
        "createApiKey", "POST", _ORG + b"/api-keys", 201,
        {"name": "CI", "role": "viewer", "permissions": ["inference"], "expiresAt": "2027-01-01T00:00:00Z"},
    ),
    Operation("revokeApiKey", "DELETE", _ORG + b"/api-keys/01HXKEY0000000000000000001", 200),
    Operation("listAudit", "GET", _V1 + b"/audit", 200),
    Operation("listInferences", "GET", _V1 + b"/audit/inference", 200),
    Operation("getSignInPage", "GET", b"/api/auth/signin", 200),
    Operation("signIn", "POST", b"/api/auth/signin", 200, {"email": "adam@acme.example"}),
    Operation("getSession", "GET", b"/api/auth/session", 200),
    Operation("signOut", "POST", b"/api/auth/signout", 200, {}),
    Operation("health", "GET", b"/api/health", 200),
)  # fmt: skip
"""Every operation, and a request that a world of one's own answers with this status."""

BY_ID = {each.id: each for each in OPERATIONS}
OPEN = frozenset({"getSignInPage", "signIn", "getSession", "signOut", "health"})
GUARDED = ("infer", "listUnits", "updateUnit", "verifyUnit", "composeWorkflow", "getOrg", "createApiKey", "listAudit")
"""The operations that are asked without a credential, and with one that is none."""
TALKED = ("infer", "createUnit", "createWorkflow", "createApiKey", "signIn")
"""The operations whose bodies are broken in every way; those of the others in a few."""

IDS: dict[bytes, tuple[str, ...]] = {
    CANDIDATE.encode(): ("getUnit", "updateUnit", "deleteUnit", "verifyUnit", "assignReviewers"),
    b"credit-decision": ("getWorkflow", "updateWorkflow"),
    DOMAIN.encode(): ("getDomain", "listDomainMembers"),
    b"01HXVSER00000000000000ANNA": ("removeDomainMember",),
    b"acme": ("getOrg", "listApiKeys"),
    b"01HXMEMBER000000000000VERA": ("changeMember",),
    b"01HXKEY0000000000000000001": ("revokeApiKey",),
}
"""What stands in the paths of these operations."""

IDENTIFIERS: dict[str, tuple[bytes, int]] = {
    "a NUL for an id": (b"%00", 404),
    "a surrogate for an id": (b"%ED%A0%80", 404),
    "bad UTF-8 for an id": (b"%FF%FE", 404),
    "a broken escape for an id": (b"%zz%", 404),
    "an escaped slash in an id": (b"a%2Fb", 404),
    "a word in another script for an id": (quote_from_bytes("кредит-ß-信用".encode()).encode(), 404),
    "an astral id": (b"%F0%9F%92%A9", 404),
    "an id in full-width letters": (quote_from_bytes("ａｃｍｅ".encode()).encode(), 404),
    "escaped dots for an id": (b"%2e%2e", 404),
    "an id of another organization": (b"01HXVN1T0000000000000C1A1M", 404),
    "a slug of another organization": (b"globex", 404),
    "a ULID beyond the last one": (b"8ZZZZZZZZZZZZZZZZZZZZZZZZZ", 404),
    "an escaped line break in an id": (b"a%0d%0aSet-Cookie:%20a=b", 404),
    "markup for an id": (b"%3Cscript%3Ealert(1)%3C%2Fscript%3E", 404),
    "an id of 10 kB": (b"x" * 10_000, 404),
    "an id of 100 kB": (b"x" * 100_000, 400),
}

PLACES: dict[str, tuple[tuple[str | int, ...], ...]] = {
    "infer": (("query",), ("domainId",), ("jurisdiction",), ("additionalInputs",), ("additionalInputs", "creditScore"),
              ("includeUnverified",), ("sessionId",)),
    "createUnit": (("name",), ("unitType",), ("domainId",), ("when",), ("jurisdiction",), ("inputSchema",),
                   ("inputSchema", "debt"), ("outputSchema", "ratio"), ("definition",), ("definition", "program"),
                   ("definition", "program", "ratio"), ("definition", "program", "ratio", "/", 0),
                   ("definition", "gates"), ("definition", "elements")),
    "verifyUnit": (("action",), ("elementReviews",), ("comment",)),
    "assignReviewers": (("reviewerIds",), ("reviewerIds", 0)),
    "createWorkflow": (("name",), ("units",), ("units", 0)),
    "composeWorkflow": (("description",), ("domainId",)),
    "createOrg": (("name",),),
    "inviteMember": (("email",), ("role",), ("name",)),
    "createApiKey": (("name",), ("role",), ("permissions",), ("permissions", 0), ("expiresAt",)),
    "signIn": (("email",),),
    "signOut": (("unknown",),),
}  # fmt: skip
"""Where an odd value is put."""

FEW_VALUES = (
    "null", "true", "minus one", "2^64", "nothing", "a NUL", "a control character", "6,000 letters", "an empty array",
    "an empty object", "a deep object", "a deeper array", "a wide array",
)  # fmt: skip
"""What is put there of operations whose bodies are not broken in every way."""

TELLING: dict[str, tuple[bytes, int]] = {
    "a NUL in the query": (b"status=%00", 400),
    "bad UTF-8 in the query": (b"limit=%FF", 400),
    "a surrogate in the query": (b"domainId=%ED%A0%80", 400),
    "a limit of 5,000 digits": (b"limit=" + b"9" * 5000, 400),
    "a limit in foreign digits": (b"limit=%D9%A1%D9%A0", 400),
    "an offset of 30 digits": (b"offset=" + b"9" * 30, 400),
    "an offset beyond the last row": (b"offset=1000000", 200),
    "a negative offset": (b"offset=-1", 400),
    "two limits": (b"limit=1&%6Cimit=2", 400),
    "101 parameters": (b"&".join(b"a%d=1" % each for each in range(101)), 400),
    "a status that is none": (b"status=verified%0d%0aSet-Cookie:a=b", 400),
    "a domain that is none": (b"domainId=" + b"%F0%9F%92%A9" * 20, 200),
    "a domain of 5,000 letters": (b"domainId=" + b"x" * 5000, 200),
    "unknown parameters": (b"__proto__=1&constructor[prototype]=2", 200),
    "nothing but ampersands": (b"&&&&;;;&=&=", 200),
    "60 kB of query": (b"jurisdiction=" + b"%41" * 20_000, 200),
}
"""Queries of the units, and the status that answers them where that is not 400 for a text that is too long."""

AUDITED: dict[str, bytes] = {
    "a date of another age": b"startDate=0000-01-01",
    "a date beyond all ages": b"endDate=99999-12-31T23:59:60Z",
    "a date that is none": b"startDate=2026-02-30",
    "a date in foreign digits": b"startDate=%D9%A2%D9%A0%D9%A2%D9%A6-01-01",
    "a date with a huge offset": b"startDate=2026-01-01T00:00:00%2B99:99",
    "dates crossed": b"startDate=2026-02-01&endDate=2026-01-01",
    "a day of one instant": b"startDate=2026-01-01&endDate=2026-01-01",
    "a format that is none": b"format=xml",
    "CSV in capitals": b"format=CSV",
    "CSV": b"format=csv",
    "CSV of nothing": b"format=csv&offset=100000",
    "CSV from beyond a limit": b"format=csv&limit=1&offset=2",
    "an action of markup": b"action=%3Cb%3E%22,%0A",
    "a user of another organization": b"userId=01HXVSER0000000000000GRETA",
}

TEXTS: dict[str, str] = {
    "10,000 letters": "x" * 10_000,
    "10,000 digits": "9" * 10_000,
    "10,000 blanks": " " * 9_999 + "?",
    "10,000 questions": "what is the credit risk of monthlyDebt 1 " * 244,
    "a long number for each input": f"monthlyDebt: {'1' * 4000}, monthlyIncome: {'9' * 4000}.5",
    "an exponent beyond all numbers": "monthlyDebt: 1e999999, monthlyIncome: 1e-999999, creditScore: 0x7f",
    "dots and commas": "monthlyDebt " + "1,.'_" * 1900,
    "signs": "creditScore: " + "+-" * 4900 + "1",
    "brackets": "(" * 4999 + ")" * 4999,
    "quotes": '"' * 5000 + "'" * 5000,
    "equals signs": "monthlyDebt" + "=" * 9000 + "1",
    "words of one letter": "a " * 5000,
    "words in capitals": "AbCdEfGh" * 1250,
    "a word with hyphens": "credit-" * 1400 + "risk",
    "letters that fold into more": "ß" * 4000 + "İ" * 3000 + "ﬃ" * 3000,
    "accents upon accents": "e" + "\u0301" * 9_999,
    "directions": "\u202ecredit risk\u202c\u200f" * 500,
    "astral letters": "\U0001f4b0" * 5000,
    "other scripts": "信用リスク кредит مخاطر " * 500,
    "other digits": "monthlyDebt: ١٥٠٠, monthlyIncome: ５０００, creditScore: Ⅶ² " * 100,
    "line breaks": "\r\n\u2028\u2029\x85\v\f" * 1200,
    "control characters": "".join(map(chr, range(1, 32))) * 300,
    "percent signs": "100 % % %s %n {0} ${7*7} {{7*7}} " * 280,
    "sentences": "Is it so? It is so! " * 490,
    "what repeats within itself": ("aaaaaaaaaaaaaaaa!" * 588)[:9_990],
    "markup": "<script>alert(1)</script><!--" * 300,
}
"""Queries to think long about."""

_DEEP: Any = {"var": "debt"}
for _ in range(110):
    _DEEP = {"-": [_DEEP]}
DEFINITIONS: dict[str, Any] = {
    "a deep program": {"program": {"ratio": _DEEP}},
    "a wide program": {"program": {"ratio": {"+": [{"var": "debt"}] * 20_000}}},
    "a program of 2,000 outputs": {"program": {f"out{each}": {"var": "debt"} for each in range(2000)}},
    "numbers that multiply": {"program": {"ratio": {"*": [1e300] * 100}}},
    "powers of powers": {"program": {"ratio": {"*": [{"*": [10**15] * 40}] * 40}}},
    "a division by nothing": {"program": {"ratio": {"/": [1, 0]}}},
    "rounding to a billion places": {"program": {"ratio": {"round": [1.5, 10**9]}}},
    "rounding to no place at all": {"program": {"ratio": {"round": [1.5, -(10**9)]}}},
    "an unknown operator": {"program": {"ratio": {"__import__": ["os"]}}},
    "two operators at once": {"program": {"ratio": {"+": [1], "-": [1]}}},
    "no operator": {"program": {"ratio": {}}},
    "an operator without arguments": {"program": {"ratio": {"/": []}}},
    "a variable with a path": {"program": {"ratio": {"var": "debt.__class__"}}},
    "a variable that is none": {"program": {"ratio": {"var": ["debt", 1, 2]}}},
    "text of 100 kB": {"program": {"ratio": "x" * 100_000}},
    "3,000 elements": {"elements": [{"id": str(each), "type": "t", "text": "x"} for each in range(3000)]},
    "3,000 gates": {"gates": [{"input": f"g{each}", "question": "Is it so?"} for each in range(3000)]},
    "elements of one id": {"elements": [{"id": "a", "type": "t", "text": "x"}] * 3},
    "markup and quotes": {"elements": [{"id": "<b>", "type": '"', "text": "\u2028</script>"}]},
    "names that objects have": {"__proto__": {"a": 1}, "constructor": {}, "toString": None},
    "900 kB of echo": {"notes": "u" * 900_000},
}
"""What a unit is defined as."""

NAMES: dict[str, str] = {
    "letters of no alphabet that is known": "信用 ☃ кредит",
    "accents": "Crédit Àgrïcole ﬁn ½ №",
    "full-width letters": "ＡＣＭＥ２",
    "a slug in disguise": "../../etc/passwd%00",
    "a reserved slug": "Compose",
    "hyphens": "--A--",
    "a name that is there": "Acme Bank",
    "200 letters": "a" * 200,
    "line breaks": "A\r\nSet-Cookie: a=b",
    "a direction mark": "\u202eknaB",
    "a dotless i": "Iıİi",
    "a NUL": "a\u0000b",
    "a formula": '=cmd|" /C calc"!A0',
    "commas and quotes": 'a,"b",\n"c"',
}
"""Names that a slug is made of."""

EMAILS: dict[str, str] = {
    "capitals": "ADAM@ACME.EXAMPLE",
    "blanks around it": " adam@acme.example ",
    "a full-width at sign": "adam＠acme.example",
    "a dotted capital I": "İ@acme.example",
    "a Kelvin sign": "\u212aim@acme.example",
    "an address in another script": "пётр@пример.рф",
    "a line break": "adam@acme.example\r\nBcc: all@acme.example",
    "a NUL": "adam@acme.example\u0000",
    "two at signs": "adam@acme@acme.example",
    "10,000 letters": "a" * 10_000 + "@acme.example",
    "dots without end": "a@" + "a." * 2000 + "example",
    "markup": '"><script>alert(1)</script>@acme.example',
    "a format": "{0}{name}%s@acme.example",
    "a list": "adam@acme.example,greta@globex.example",
}

FORMS: dict[str, bytes] = {
    "a form": b"email=adam%40acme.example",
    "a form with a plus": b"email=adam+x%40acme.example",
    "no field": b"e=mail",
    "an empty field": b"email=",
    "a field twice": b"email=adam%40acme.example&email=greta%40globex.example",
    "a field twice, the first empty": b"email=&email=adam%40acme.example",
    "fields apart by semicolons": b"a=b;email=adam%40acme.example",
    "a broken escape": b"email=%zz%4",
    "bad UTF-8": b"email=%FF%FE",
    "bad bytes": b"email=\xff\xfe",
    "a surrogate": b"email=%ED%A0%80%40acme.example",
    "a NUL": b"email=%00%40acme.example",
    "101 fields": b"&".join(b"a=1" for _ in range(101)) + b"&email=adam%40acme.example",
    "200,000 ampersands": b"&" * 200_000,
    "an array": b"email[]=adam%40acme.example",
    "JSON": b'{"email":"adam@acme.example"}',
    "a huge form": b"email=adam%40acme.example&a=" + b"x" * (MIB - 40),
    "a larger form": b"email=adam%40acme.example&a=" + b"x" * MIB,
    "markup": b"email=%3Cscript%3E%40acme.example",
}
"""Forms for signing in: 200, 400, 401 or 413."""

TOKEN = b"ctrlai_st_" + b"0123456789abcdef" * 4
COOKIES: dict[str, Fields] = {
    "a forged session": ((b"cookie", b"authjs.session-token=" + TOKEN),),
    "a forged session by another name": ((b"cookie", b"__Secure-authjs.session-token=" + TOKEN),),
    "a cut session": ((b"cookie", b"authjs.session-token=" + TOKEN[:-1]),),
    "a session in capitals": ((b"cookie", b"authjs.session-token=" + TOKEN.upper()),),
    "a quoted session": ((b"cookie", b'authjs.session-token="' + TOKEN + b'"'),),
    "two sessions": ((b"cookie", b"authjs.session-token=" + TOKEN + b"; authjs.session-token=x"),),
    "two cookie fields": ((b"cookie", b"a=b"), (b"cookie", b"authjs.session-token=" + TOKEN)),
    "a key for a session": ((b"cookie", b"authjs.session-token=ctrlai_pk_" + b"0" * 31 + b"4"),),
    "a session for a key": ((b"authorization", b"Bearer " + TOKEN),),
    "an empty session": ((b"cookie", b"authjs.session-token="),),
    "a session without a value": ((b"cookie", b"authjs.session-token"),),
    "5,000 cookies": ((b"cookie", b"; ".join(b"a%d=b" % each for each in range(5000))),),
    "a cookie of 60 kB": ((b"cookie", b"authjs.session-token=" + b"x" * 60_000),),
    "a cookie of 100 kB": ((b"cookie", b"authjs.session-token=" + b"x" * 100_000),),
    "bytes for a cookie": ((b"cookie", bytes(range(0x80, 0x100)) + b"=\xff; =; ;;="),),
    "a session escaped": ((b"cookie", b"authjs%2Esession-token=" + TOKEN.replace(b"_", b"%5F")),),
    "a key with a byte beyond ASCII": ((b"authorization", b"Bearer ctrlai_pk_7e57" + b"\xb9" * 28),),
    "a production key": ((b"authorization", b"Bearer ctrlai_pk_" + b"89abcdef" * 4),),
    "a key in capitals": ((b"authorization", b"Bearer CTRLAI_PK_7E57" + b"0" * 28),),
    "a key of Aikraft": ((b"authorization", b"Bearer ak_live_enterprise_admin_key"),),
    "a revoked key": ((b"authorization", b"Bearer ctrlai_pk_" + b"0" * 31 + b"f"),),
    "an expired key": ((b"authorization", b"Bearer ctrlai_pk_" + b"0" * 31 + b"e"),),
}
"""In place of the credential: always 401, or 429 once the quota is empty."""


def key_of(name: str) -> bytes:
    """Return a key that opens a world for this name alone."""
    return b"ctrlai_pk_7e57" + blake2b(name.encode(), digest_size=14).hexdigest().encode()


def bearer(name: str) -> tuple[bytes, bytes]:
    """Return the credential that opens a world for this name alone."""
    return b"authorization", b"Bearer " + key_of(name)


def good(operation: Operation, name: str) -> Case:
    """Return a request that the operation answers as it says."""
    body = dump(operation.document) if operation.takes_body else b""
    fields = (HOST, bearer(name), JSON) if body else (HOST, bearer(name))
    return Case(name, operation.id, operation.method, operation.target, fields, body, _only(operation.success))


def _only(*statuses: int) -> frozenset[int]:
    return frozenset(statuses)


def cases() -> Iterator[Case]:
    """Yield the whole corpus."""
    for operation in OPERATIONS:
        yield good(operation, f"{operation.id} as it should be")
        yield from _bodies(operation)
        if operation.id in GUARDED or operation.id in OPEN:
            yield from _credentials(operation)
    for name in ("listUnits", "getUnit", "composeWorkflow", "getOrg", "listAudit", "signIn", "getSession", "health"):
        yield from _methods(BY_ID[name])
    for name in ("listUnits", "createUnit", "signIn", "getSession"):
        yield from _with_fields(BY_ID[name])
    yield from _values()
    yield from _paths()
    yield from _queries()
    yield from _thoughts()
    yield from _sign_ins()


def _of(operation: Operation, what: str, body: bytes, *statuses: int, chunked: bool = False) -> Case:
    case = good(operation, f"{operation.id} with {what}")
    fields = (HOST, bearer(case.name), JSON)
    return replace(case, fields=fields, body=body, allowed=_only(*statuses), chunked=chunked)


def _bodies(operation: Operation) -> Iterator[Case]:
    takes = operation.takes_body
    few = {"half a pair", "bad UTF-8", "a lone surrogate escape", "10,000 levels in a field"}
    for name, body in UNREADABLE.items():
        if operation.id in TALKED or (name in few and (takes or operation.id in GUARDED)):
            yield _of(operation, name, body, 400 if takes else operation.success)
    for name, body in MISSHAPEN.items():
        if takes:
            yield _of(operation, f"{name} for a body", body, 400)
    if operation.id in TALKED:
        whole = dump(operation.document)
        for chunked in (False, True):
            how = " in chunks" if chunked else ""
            yield _of(operation, f"1 MiB{how}", whole.ljust(MIB), operation.success, chunked=chunked)
            yield _of(operation, f"1 MiB and a byte{how}", whole.ljust(MIB + 1), 413, chunked=chunked)
        yield _of(
            operation,
            "a key twice, the bad one last",
            whole[:-1] + b',"%s":0}' % next(iter(operation.document)).encode(),
            400,
        )
        for name, (fields, status) in CONTENT_TYPES.items():
            case = good(operation, f"{operation.id} with {name}")
            allowed = _only(400) if status else _only(operation.success)
            yield replace(case, fields=(HOST, bearer(case.name), *fields), allowed=allowed)
    elif operation.id in GUARDED:
        yield _of(operation, "3 MiB", b"[" * (3 * MIB), 413 if takes else operation.success)


def _credentials(operation: Operation) -> Iterator[Case]:
    for name, fields in COOKIES.items():
        case = good(operation, f"{operation.id} with {name}")
        rest = tuple(each for each in case.fields if each[0] != b"authorization")
        allowed = _only(200, 400, 401, 429) if operation.id in OPEN else _only(401, 429)
        yield replace(case, fields=(*rest, *fields), allowed=allowed)


def _methods(operation: Operation) -> Iterator[Case]:
    here = {each.method for each in OPERATIONS if each.target == operation.target}
    for method in sorted({"GET", "POST", *METHODS, *UNPARSED_METHODS} - here):
        name = f"{operation.target.decode()} by {method[:20]}"
        fields = (HOST, bearer(name))
        parsable = method not in UNPARSED_METHODS
        # Other rows may be of this path's kind, such as `compose` of a workflow's.
        allowed = _only(405, 404, 200, 409)
        yield Case(name, "", method, operation.target, fields, b"", allowed, parsable=parsable)


def _with_fields(operation: Operation) -> Iterator[Case]:
    for name, (fields, status) in FIELDS.items():
        case = good(operation, f"{operation.id} with {name}")
        yield replace(case, fields=(*case.fields, *fields), allowed=_only(status or operation.success))


def _values() -> Iterator[Case]:
    for ident, places in PLACES.items():
        operation = BY_ID[ident]
        for place in places:
            for name in ODD_VALUES if ident in TALKED else FEW_VALUES:
                value = ODD_VALUES[name]
                body = dump(_replaced(operation.document, place, value))
                yield _of(
                    operation, f"{name} at {'.'.join(map(str, place))}", body, operation.success, 400, 401, 404, 409
                )


def _replaced(document: Any, place: tuple[str | int, ...], value: Any) -> Any:
    fresh = json.loads(dump(document))
    inner = fresh
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return fresh


def _paths() -> Iterator[Case]:
    for ident, operations in IDS.items():
        for each in operations:
            for name, (other, status) in IDENTIFIERS.items():
                case = good(BY_ID[each], f"{each} with {name}")
                yield replace(case, target=case.target.replace(ident, other), allowed=_only(status))
    for name, (target, status) in {
        "a slash at the end": (b"/api/v1/units/", 404),
        "the prefix alone": (b"/api", 404),
        "the version alone": (b"/api/v1", 404),
        "two slashes inside": (b"/api//v1/units", 404),
        "a dot inside": (b"/api/./v1/units", 404),
        "an escaped letter": (b"/api/v1/%75nits", 200),
        "an escaped letter in the prefix": (b"/%61pi/v1/units", 404),
        "the other API's prefix": (b"/v1/units", 404),
        "an absolute target": (b"http://elsewhere.test/api/v1/units?limit=1", 200),
        "a longer name than the API's": (b"/apis/v1/units", 404),
        "a path of 1,000 segments": (b"/api" + b"/a" * 1000, 404),
    }.items():
        case = good(BY_ID["listUnits"], f"a target with {name}")
        allowed = _only(status, 401) if target.startswith(b"/v1") else _only(status)
        yield replace(case, operation="", target=target, allowed=allowed)


def _queries() -> Iterator[Case]:
    for name, (query, status) in TELLING.items():
        case = good(BY_ID["listUnits"], f"listUnits with {name}")
        yield replace(case, target=case.target + b"?" + query, allowed=_only(status, 400))
    for name, query in AUDITED.items():
        for ident in ("listAudit", "listInferences"):
            case = good(BY_ID[ident], f"{ident} with {name}")
            yield replace(case, target=case.target + b"?" + query, allowed=_only(200, 400))


def _thoughts() -> Iterator[Case]:
    for name, text in TEXTS.items():
        yield _of(BY_ID["infer"], f"a query of {name}", dump({"query": text}), 200, 400)
        given = {"query": QUERY, "additionalInputs": {text[:2000]: text, "monthlyDebt": text[:50]}}
        yield _of(BY_ID["infer"], f"inputs of {name}", dump(given), 200, 400)
        yield _of(
            BY_ID["composeWorkflow"],
            f"a description of {name}",
            dump({"description": text, "domainId": DOMAIN}),
            200,
            400,
        )
    for name, definition in DEFINITIONS.items():
        for kind in ("program", "protocol", "framework", "pattern", "argument"):
            body = dump({**PROGRAM, "unitType": kind, "definition": definition})
            yield _of(BY_ID["createUnit"], f"{name} for a {kind}", body, 201, 400)
    for name, text in NAMES.items():
        for ident in ("createOrg", "createDomain", "createWorkflow", "createApiKey", "updateOrg"):
            operation = BY_ID[ident]
            body = dump({**operation.document, "name": text})
            yield _of(operation, f"a name of {name}", body, operation.success, 400, 409)


def _sign_ins() -> Iterator[Case]:
    for name, email in EMAILS.items():
        yield _of(BY_ID["inviteMember"], f"an address of {name}", dump({"email": email}), 201, 400, 409)
        yield _of(BY_ID["signIn"], f"an address of {name}", dump({"email": email}), 200, 400, 401)
    for name, form in FORMS.items():
        for ident in ("signIn", "signOut", "infer"):
            case = _of(BY_ID[ident], f"{name} in a form", form, 200, 400, 401, 413)
            yield replace(case, fields=(HOST, bearer(case.name), FORM))
            strange = (HOST, FORM)
            yield replace(case, name=f"{case.name} without a key", fields=strange, allowed=case.allowed | {429})


CASES = tuple(cases())
PARSABLE = tuple(case for case in CASES if case.parsable)
