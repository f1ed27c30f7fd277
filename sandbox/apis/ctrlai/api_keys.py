"""The API keys of an organisation: made, shown once, listed without themselves, revoked at once.

Source: Authentication (form, defaults, expiry, revocation; "SHA-256 hash only; plaintext shown once"). A row keeps
nothing of its key but the beginning: the rim keeps the hash, and knows by it which key a request came with.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from sandbox.apis.ctrlai import ulid
from sandbox.apis.ctrlai.audit import noted
from sandbox.apis.ctrlai.identity import missing_of, page_of_rows, user_of
from sandbox.apis.ctrlai.law import LIMITS, PERMISSIONS, spelled
from sandbox.apis.ctrlai.orgs import find_org
from sandbox.apis.ctrlai.times import iso_millis, iso_or_none, read_date
from sandbox.core.api import Answer, Call, Handler, Issued, Shown
from sandbox.core.chance import hexadecimal8
from sandbox.core.frozen import ALWAYS, Frozen
from sandbox.core.problem import Problem, shown
from sandbox.core.quota import Drawn, Hits

PREFIX_LENGTH = 18
"""Of a key that much is shown again: `ctrlai_pk_` and eight of its digits."""
DEFAULT_ROLE = "author"


def find_key(call: Call) -> Frozen:
    """Return the key that the path names, or raise 404; one that was revoked is not there any more."""
    org, ident = find_org(call), call.path["id"]
    row = call.workspace.table("apiKeys").get(ident)
    if row is None or row["orgId"] != org["id"] or row["revokedAt"] is not None:
        raise missing_of("key-not-found", ident)
    return row


def _value(row: Frozen) -> dict[str, object]:
    return {
        **{name: row[name] for name in ("id", "name", "prefix", "role")},
        "permissions": list(row["permissions"]),
        "expiresAt": iso_or_none(row["expiresAt"]),
        "lastUsedAt": iso_or_none(row.get("lastUsedAt")),
        "createdAt": iso_millis(row["createdAt"]),
    }


def _shown(row: Frozen, _now: int) -> Shown:
    return Shown(_value(row), 0, ALWAYS)


def last_used(buckets: Mapping[str, Drawn], ident: str) -> int | None:
    """Return when the key was last let through, as far as the quota remembers."""
    held = (buckets.get(f"{ident}/{each}") for each in LIMITS)
    return max((each.times[-1] for each in held if isinstance(each, Hits) and each.times), default=None)


def _list(call: Call, org: Frozen) -> Answer:
    rows = (each for each in call.workspace.table("apiKeys").all(org["id"]) if each["revokedAt"] is None)
    used = [row.having(lastUsedAt=last_used(call.buckets, row["id"])) for row in rows]
    # What was used last changes without the data, so no answer is given twice.
    return page_of_rows(call, used, _shown)._replace(until=0)


def _create(call: Call, org: Frozen) -> Answer:
    body, expires = call.body, _expiry(call)
    ident, workspace = ulid.mint(call, call.workspace, "apiKeys")
    key = _key(call, ident, workspace.minted[ulid.KIND])
    row = Frozen(
        id=ident, orgId=org["id"], userId=user_of(call), name=body["name"], prefix=key[:PREFIX_LENGTH],
        role=body.get("role", DEFAULT_ROLE), permissions=tuple(body.get("permissions", PERMISSIONS)),
        expiresAt=expires, revokedAt=None, createdAt=call.now,
    )  # fmt: skip
    workspace = noted(
        call, workspace.having("apiKeys", row), "api_key.created", "api_key", ident, org=org["id"],
        name=row["name"], role=row["role"],
    )  # fmt: skip
    return Answer({**_value(row), "key": key}, workspace=workspace, issued=Issued(key, ident))


def _key(call: Call, ident: str, ordinal: int) -> str:
    """Return the key of this id: its public digits look like chance, and the others cannot be guessed."""
    public = hexadecimal8(call.seed, call.label, "api_key", ordinal)
    source = f"{call.pepper}\x00api_key\x00{ident}".encode("utf-8", "surrogatepass")
    return spelled(public + blake2b(source, digest_size=12).hexdigest())


def _expiry(call: Call) -> int | None:
    text = call.body.get("expiresAt")
    if text is None:
        return None
    try:
        instant = read_date(text)
    except ValueError as error:
        raise _unfit(f"expiresAt: {error}, got {shown(text)}", "Invalid date") from error
    if instant <= call.now:
        raise _unfit(f"expiresAt: expected a time after {iso_millis(call.now)}, got {shown(text)}", "Must be after now")
    return instant


def _unfit(message: str, issue: str) -> Problem:
    return Problem(400, "expiry-unfit", message, field="expiresAt", issue=issue)


def _revoke(call: Call, row: Frozen) -> Answer:
    workspace = call.workspace.having("apiKeys", row.having(revokedAt=call.now))
    ident, org = row["id"], row["orgId"]
    workspace = noted(call, workspace, "api_key.revoked", "api_key", ident, org=org, name=row["name"])
    return Answer({"id": ident, "deleted": True}, workspace=workspace)


LIST = Handler(find_org, _list)
CREATE = Handler(find_org, _create)
REVOKE = Handler(find_key, _revoke)
