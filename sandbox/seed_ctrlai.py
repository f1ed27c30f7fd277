# ruff: noqa: E501 (a row of a table is a line, so that rows can be compared)
"""Ctrl AI fixtures of made-up units, as many as are asked for: the same number and seed give the same text.

What a unit is about comes from a table, whom it was made for from Faker. Offsets are whole minutes before a world is
born. Of six units about three are verified, and every other status comes up. A smaller fixture of a seed holds the
first units of a larger one. The people, the keys and the domains are those of the shipped fixtures.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import orjson
from faker import Faker

from sandbox.apis.ctrlai import ulid

MOST = 1_000_000
_DAY = 24 * 60
_YOUNGEST, _OLDEST = 2 * _DAY, 300 * _DAY
_FIRST = ulid.number("01HXVN1T000000000000000000")
_STRIDE = 1 << 40
"""How far two ids lie apart, so that what follows the first letters looks as chance would have made it."""

Kind = tuple[str, str, str, str, dict[str, Any], dict[str, Any], dict[str, Any]]
"""The unit's type, domain, what it is called after whom it was made for, when it is used, what it takes and gives, and its definition."""

# fmt: off
KINDS: tuple[Kind, ...] = (
    ("program", "credit-risk", "Instalment", "instalment", {"loan": "number", "months": "integer"}, {"instalment": "number"}, {"program": {"instalment": {"round": [{"/": [{"var": "loan"}, {"var": "months"}]}, 2]}}}),
    ("program", "credit-risk", "Loan to Value", "mortgage", {"loan": "number", "property": "number"}, {"ltv": "number"}, {"program": {"ltv": {"/": [{"var": "loan"}, {"var": "property"}]}}}),
    ("framework", "credit-risk", "Outlook", "outlook", {"growth": "number"}, {"outlook": "number"}, {"factors": [{"name": "Growth", "weight": 1, "score": {"var": "growth"}}]}),
    ("pattern", "credit-risk", "Arrears", "arrears", {"late": "integer"}, {"arrears": "boolean"}, {"features": [{"name": "Late twice", "holds": {">": [{"var": "late"}, 1]}}]}),
    ("program", "kyc", "Ownership", "ownership", {"direct": "number", "indirect": "number"}, {"share": "number"}, {"program": {"share": {"+": [{"var": "direct"}, {"var": "indirect"}]}}}),
    ("protocol", "kyc", "Onboarding", "onboarding", {"known": "boolean"}, {"mayOpen": "boolean"}, {"gates": [{"input": "known", "question": "Is the identity known?"}]}),
    ("argument", "kyc", "Source of Wealth", "wealth", {"papers": "integer"}, {"explained": "boolean"}, {"claim": "The wealth is explained."}),
    ("pattern", "fraud", "Payment Burst", "burst", {"perHour": "integer"}, {"burst": "boolean"}, {"features": [{"name": "Thirty an hour", "holds": {">": [{"var": "perHour"}, 30]}}]}),
    ("protocol", "fraud", "Card Block", "stolen card", {"lost": "boolean"}, {"blocked": "boolean"}, {"steps": [{"text": "The card is lost.", "holds": {"var": "lost"}}]}),
    ("program", "fraud", "Deviation", "deviation", {"amount": "number", "usual": "number"}, {"deviation": "number"}, {"program": {"deviation": {"abs": {"-": [{"var": "amount"}, {"var": "usual"}]}}}}),
)
_HEAD: dict[str, Any] = {
    "users": [
        {"id": "01HXVSER00000000000000VERA", "name": "Vera Novak", "email": "vera@acme.example"},
        {"id": "01HXVSER00000000000000RENE", "name": "Rene Fabre", "email": "rene@acme.example"},
        {"id": "01HXVSER00000000000000ANNA", "name": "Anna Berg", "email": "anna@acme.example"},
        {"id": "01HXVSER00000000000000ADAM", "name": "Adam Meyer", "email": "adam@acme.example"},
        {"id": "01HXVSER000000000000000REX", "name": "Rex Tanaka", "email": "rex@acme.example"},
        {"id": "01HXVSER0000000000000GRETA", "name": "Greta Sand", "email": "greta@globex.example"},
        {"id": "01HXVSER00000000000000HANS", "name": "Hans Beck", "email": "hans@globex.example"},
    ],
    "keys": [{"key": f"ctrlai_pk_{digit:0>32}", "id": f"01HXKEY{digit.upper():0>19}"} for digit in "123456ef"],
}
_GLOBEX: dict[str, Any] = {
    "id": "01HX0RG0000000000000G10BEX", "slug": "globex", "name": "Globex Insurance", "created": "-260d",
    "members": [
        {"id": "01HXMEMBER00000000000GRETA", "user": "greta@globex.example", "role": "admin", "joined": "-260d"},
        {"id": "01HXMEMBER000000000000HANS", "user": "hans@globex.example", "role": "reviewer", "joined": "-250d"},
    ],
    "apiKeys": [{"id": "01HXKEY0000000000000000006", "name": "Administration", "user": "greta@globex.example", "role": "admin", "created": "-259d"}],
}
_ACME: dict[str, Any] = {
    "id": "01HX0RG000000000000000ACME", "slug": "acme", "name": "Acme Bank", "created": "-400d",
    "members": [
        {"id": "01HXMEMBER000000000000ADAM", "user": "adam@acme.example", "role": "admin", "joined": "-400d"},
        {"id": "01HXMEMBER000000000000ANNA", "user": "anna@acme.example", "role": "author", "joined": "-398d"},
        {"id": "01HXMEMBER000000000000RENE", "user": "rene@acme.example", "role": "reviewer", "joined": "-397d"},
        {"id": "01HXMEMBER0000000000000REX", "user": "rex@acme.example", "role": "reviewer", "joined": "-380d"},
        {"id": "01HXMEMBER000000000000VERA", "user": "vera@acme.example", "role": "viewer", "joined": "-350d"},
    ],
    "apiKeys": [
        {"id": "01HXKEY0000000000000000001", "name": "Dashboard", "user": "vera@acme.example", "role": "viewer", "created": "-340d"},
        {"id": "01HXKEY0000000000000000002", "name": "Review desk", "user": "rene@acme.example", "role": "reviewer", "created": "-340d"},
        {"id": "01HXKEY0000000000000000003", "name": "Loan service", "user": "anna@acme.example", "role": "author", "created": "-340d"},
        {"id": "01HXKEY0000000000000000004", "name": "Administration", "user": "adam@acme.example", "role": "admin", "created": "-399d"},
        {"id": "01HXKEY0000000000000000005", "name": "Second review desk", "user": "rex@acme.example", "role": "reviewer", "created": "-330d"},
        {"id": "01HXKEY000000000000000000E", "name": "Pilot", "user": "anna@acme.example", "role": "author", "created": "-120d", "expires": "-30d"},
        {"id": "01HXKEY000000000000000000F", "name": "Old loan service", "user": "anna@acme.example", "role": "author", "created": "-390d", "revoked": "-339d"},
    ],
    "domains": [
        {"id": "01HXD0MA1N0000000000CRED1T", "slug": "credit-risk", "name": "Credit Risk", "created": "-390d"},
        {"id": "01HXD0MA1N0000000000000KYC", "slug": "kyc", "name": "KYC", "created": "-389d"},
        {"id": "01HXD0MA1N00000000000FRAVD", "slug": "fraud", "name": "Fraud", "created": "-388d"},
    ],
}
_REVIEWS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("rene", "approve"), ("rex", "approve")),
    (("rex", "approve"), ("rene", "approve")),
    (("rene", "request_changes"), ("rex", "approve"), ("rene", "approve")),
    (("rene", "approve"),),
    (("rex", "request_changes"),),
    (),
)
# fmt: on


def fixture_text(units: int, seed: int) -> str:
    """Return a fixture with so many units as JSON, a unit a line; ValueError for fewer than 0 or over a million."""
    if not 0 <= units <= MOST:
        raise ValueError(f"units: expected an integer from 0 to {MOST}, got {units}")
    head = {"fixture": "seeded", "api": "ctrlai", "summary": f"{units} made-up units of seed {seed}.", **_HEAD}
    parts = [f"{_json(name)}: {_json(value)}" for name, value in head.items()]
    lines = ",\n".join(map(_json, _units(units, seed)))
    acme = f"{_json(_ACME)[:-1]},\n" + f'"units": [\n{lines}\n]}}' if units else _json(_ACME)
    return "{" + ",\n ".join([*parts, f'"organizations": [\n{acme},\n{_json(_GLOBEX)}\n]']) + "}\n"


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _units(count: int, seed: int) -> Iterator[dict[str, Any]]:
    fake = Faker("en_US")
    # As text, because numbers that differ in their sign alone give the same sequence.
    fake.seed_instance(f"ctrlai {seed}")
    names: dict[str, int] = {}
    for ordinal in range(count):
        yield _unit(fake, ordinal, names)


def _unit(fake: Faker, ordinal: int, names: dict[str, int]) -> dict[str, Any]:
    draw = fake.random
    kind, domain, noun, when, takes, gives, definition = draw.choice(KINDS)
    age = draw.randrange(_YOUNGEST, _OLDEST)
    row: dict[str, Any] = {
        "id": ulid.spelled(_FIRST + ordinal * _STRIDE + draw.randrange(_STRIDE)),
        "name": _unique(f"{fake.last_name()} {noun}", names), "unitType": kind, "domain": domain, "when": when,
        "inputSchema": takes, "outputSchema": gives, "definition": definition,
        "author": "anna@acme.example", "created": _ago(age),
    }  # fmt: skip
    jurisdiction = draw.choice((None, None, None, "EU", "US"))
    if jurisdiction is not None:
        row["jurisdiction"] = jurisdiction
    return row | _reviewed(draw, age)


def _unique(name: str, names: dict[str, int]) -> str:
    """Return the name, with its version from the second time on."""
    names[name] = version = names.get(name, 0) + 1
    return name if version == 1 else f"{name} v{version}"


def _ago(minutes: int) -> str:
    """Return the offset of an instant that lies so many minutes back."""
    days, rest = divmod(minutes, _DAY)
    return f"-{days}d{rest // 60}h{rest % 60}m"


def _reviewed(draw: Random, age: int) -> dict[str, Any]:
    """Return the reviews of a unit of this age, if it has any."""
    said = draw.choice(_REVIEWS)
    times = sorted((draw.randrange(10, age) for _ in said), reverse=True)
    reviews = [
        {"by": f"{name}@acme.example", "action": action, "at": _ago(time)}
        for (name, action), time in zip(said, times, strict=True)
    ]
    return {"reviews": reviews} if reviews else {}
