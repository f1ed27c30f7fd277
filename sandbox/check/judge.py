"""Schemathesis as the judge of a contract, driven by its Python API.

`alone.examine` runs the phases in which every case stands alone, each with a key of its own; `walking.walk` runs the
state machine, with one key for each sequence. A key is a world, so no case meets what another left behind, and the
quota stays as shipped. Every check is on. One verdict is the house's own: a 400, 404, 409 or 422 for good data is right
if its cause is one that the contract lists for the operation, and it is counted. Whose contract that is, a `Subject`
says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import Failure
from schemathesis.filters import FilterSet
from schemathesis.openapi.checks import RejectedPositiveData, UseAfterFree

from sandbox.check.keys import Keys
from sandbox.check.ledger import Ledger
from sandbox.check.subject import Subject
from sandbox.check.witness import Witness
from sandbox.core.clock import parse_instant
from sandbox.core.compiling import METHODS
from sandbox.core.contract import Contract
from sandbox.web.store import Store

BIRTH = parse_instant("2026-04-13T14:30:00Z")
PATIENCE = 10
"""Seconds that an answer may take."""
REFUSALS = frozenset({400, 404, 409, 422})
"""With what a refusal of good data may be answered, if the contract lists it."""
Heard = Callable[[str, Any, float], None]


def configuration(
    subject: Subject, examples: int, now: int = BIRTH, seed: int = 1, *, only_declared_methods: bool = False
) -> schemathesis.Config:
    """Return a configuration with every check on, the same cases in every run, and values that a caller would know.

    Literals of the app's own source are not used: with them an edit anywhere would change the cases, and so would the
    door.
    """
    knowledge = subject.known(now)
    known = {f"{ident} {name}": values for ident, each in knowledge.items() for name, values in each.items()}
    methods: dict[str, Any] = {"coverage": {"unexpected-methods": []}} if only_declared_methods else {}
    return schemathesis.Config.from_dict(
        {
            "seed": seed,
            "generation": {"max-examples": examples, "deterministic": True, "database": "none"},
            "analysis": {"constants": {"enabled": False}},
            "checks": {"enabled": True, "max_response_time": PATIENCE},
            "phases": methods,
            "continue-on-failure": True,
            "request-timeout": PATIENCE,
            "dictionaries": {_plain(name): {"values": values} for name, values in known.items()},
            "operations": [
                {"include-operation-id": ident, "parameters": {name: _bound(subject, ident, name) for name in each}}
                for ident, each in knowledge.items()
            ],
        }
    )


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name)


def _bound(subject: Subject, ident: str, name: str) -> dict[str, Any]:
    return {"dictionary": _plain(f"{ident} {name}"), "probability": subject.likelihood}


def declared_links(contract: Contract) -> Iterator[str]:
    """Yield the links of a contract as the judge names them, up to their target."""
    for path, methods in contract.document["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items() if method in METHODS else ():
                yield from (f"{method.upper()} {path} -> [{status}] {name} -> " for name in answer.get("links", ()))


def all_checks() -> set[str]:
    """Return the names of all checks that Schemathesis has."""
    load_all_checks()
    return {*CHECKS.get_all_names(), "max_response_time"}


@dataclass(slots=True)
class Judge:
    """One schema with who stands beside it, and what was seen of it so far.

    `heard` is told of every group of cases that is done: its phase, Schemathesis' record of it, and its seconds.
    `seed` is what the cases follow from, `store` what is judged, if it is here.
    """

    subject: Subject
    schema: Any
    contract: Contract
    witness: Witness
    store: Store | None = None
    keys: Keys = field(init=False)
    ledger: Ledger = field(default_factory=Ledger)
    heard: Heard = lambda _phase, _recorder, _seconds: None
    seed: int = 1
    target: str = ""
    """The origin that calls are told with."""
    probing: bool = False
    """Whether an answer is judged that no scenario has touched."""
    recorder: Any = None
    """Schemathesis' record of the sequence that goes on."""
    probed: set[str] = field(default_factory=set)
    """The lists, with their filters, whose pages were gone through."""
    guides: set[str] = field(default_factory=set)
    """What was sent as credential when they were: worlds that have seen more than one request of a case."""

    def __post_init__(self) -> None:
        self.keys = Keys(self.subject.key, self.witness.furnish)
        # Schemathesis 4.32 leaves out the operation that it has read the contract from.
        vars(self.schema)["_schema_document_path"] = None
        self.schema.auth(refresh_interval=None)(_provider(self))
        self.schema.hook("filter_failure")(_verdict(self))

    def only(self, **which: Any) -> Judge:
        """Return the judge, who looks at these operations alone."""
        # The filter that a configuration of single operations leaves there lets everything through.
        self.schema.filter_set = FilterSet()
        self.schema = self.schema.include(**which)
        return self

    def accepts(self, case: Any, response: Any) -> bool:
        """Say whether this refusal of good data is one that the contract lists, and count it if it is."""
        told = self.witness.told(case, response)
        listed = {} if told is None else self.contract.operations[told.operation].refusals
        if told is None or told.cause not in listed or listed[told.cause].status != response.status_code:
            return False
        self.ledger.refusals[told.operation, told.cause] += 1
        return True

    def injected(self, failure: Failure, case: Any, response: Any) -> bool:
        """Say whether a scenario has put this finding there, and count it if so."""
        if self.probing:
            return False
        self.probing = True
        try:
            mark = self.witness.injected(failure, case, response)
        finally:
            self.probing = False
        if mark is not None:
            self.ledger.injected[mark, type(failure).__name__] += 1
        return mark is not None

    def uncovered(self) -> list[str]:
        """Return the links that have to be covered, and whose target never answered 2xx."""
        missing = self.ledger.uncovered()
        return missing if self.subject.guessed else [each for each in missing if each not in self.ledger.inferred]


def _verdict(judge: Judge) -> Callable[..., bool]:
    def filter_failure(_context: Any, failure: Failure, case: Any, response: Any) -> bool:
        if isinstance(failure, UseAfterFree):
            return case.operation.definition.raw["operationId"] not in judge.subject.lasting
        refused = isinstance(failure, RejectedPositiveData) and response.status_code in REFUSALS
        return not ((refused and judge.accepts(case, response)) or judge.injected(failure, case, response))

    return filter_failure


def _provider(judge: Judge) -> type:
    class Bearer:
        """Sends a key with every case, or the cookie that the sequence has got."""

        def get(self, case: Any, _context: Any) -> str:
            return judge.subject.credential(case, judge.keys.next())

        def set(self, case: Any, key: str, _context: Any) -> None:
            cookie = judge.keys.cookie
            if cookie is not None and case.operation.definition.raw["operationId"] in judge.subject.in_session:
                case.cookies.update([cookie.split("=", 1)])
            else:
                case.headers["Authorization"] = f"Bearer {key}"
            judge.subject.bound(case)

    return Bearer
