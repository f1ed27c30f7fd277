"""The narrow interface that an API fills in: a record of data and functions.

An API is its contract, its dialect (how it speaks), its law (who may do what, how often), its handlers by
`operationId`, and the layout of its tables. A further API is a further record; nothing in the core changes for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from re import Pattern
from typing import Any, NamedTuple

from sandbox.core.chance import alphanumeric6
from sandbox.core.clock import Clock
from sandbox.core.contract import Contract, ContractError, Operation
from sandbox.core.frozen import Encoded, Frozen, remembered
from sandbox.core.grant import Grant
from sandbox.core.message import Headers, Request, base_url
from sandbox.core.problem import Problem
from sandbox.core.quota import Drawn, Held, Reading
from sandbox.core.shape import Part
from sandbox.core.workspace import Workspace


class Call(NamedTuple):
    """All that a handler may know: the request as the contract reads it, the workspace, the instant, the mint.

    `terms` are what the caller may do, and `key` is the id of the key that it came with, None without one. `pepper` is
    what an unguessable text is made with: no other world has the same. `buckets` are the quota's, `lacking` the
    services of the API's own that are out of order.
    """

    operation: Operation
    workspace: Workspace
    now: int
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any
    request: Request
    owner: Frozen
    seed: int
    label: str
    clock: Clock
    terms: Frozen = Frozen()
    key: str | None = None
    pepper: str = ""
    buckets: Mapping[str, Drawn] = Frozen()
    lacking: frozenset[str] = frozenset()

    def wait(self, seconds: int) -> int:
        """Return how many seconds a client is told to wait for so many to pass here."""
        return self.clock.outside(seconds)

    @property
    def base(self) -> str:
        """Return the origin and prefix under which the client reached the sandbox."""
        return base_url(self.request)

    def item(self, row: Frozen, render: Callable[[Frozen, int], Shown]) -> Encoded:
        """Return the row as one item of the answer's list, from its memo if that still holds."""
        return self._encoded(self.operation.success.item, row, render)

    def data(self, row: Frozen, render: Callable[[Frozen, int], Shown]) -> Encoded:
        """Return the row as the answer's `data`, from its memo if that still holds."""
        return self._encoded(self.operation.success.data, row, render)

    def _encoded(self, part: Part | None, row: Frozen, render: Callable[[Frozen, int], Shown]) -> Encoded:
        if part is None:
            raise ContractError(f"{self.operation.id}: the contract declares no such part of the answer")

        def encode() -> Encoded:
            view = render(row, self.now)
            return part.encode(view.value, view.since, view.until)

        return remembered(row, part, self.now, encode)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a row looks like from one instant until another."""

    value: Mapping[str, Any]
    since: int
    until: int


class Issued(NamedTuple):
    """A credential that an answer shows for once, and the id of the key that it is."""

    credential: str
    key: str


class Answer(NamedTuple):
    """What a handler says: `data` (and `meta`) in the envelope, or `whole`, without one; and the workspace after.

    `data` is a plain value, an `Encoded`, or a list of `Encoded`. An answer that follows from workspace, path, query
    and the caller's circle alone may say from when until when it does; it is then given again without being made again.
    `content` replaces the body where the answer is no JSON: its media type and its bytes. From `issued` on the world
    has a credential more; the journal hides it.
    """

    data: Any = None
    meta: Mapping[str, Any] | None = None
    whole: Mapping[str, Any] | None = None
    workspace: Workspace | None = None
    since: int = 0
    until: int = 0
    content: tuple[str, bytes] | None = None
    headers: Headers = ()
    issued: Issued | None = None


@dataclass(frozen=True, slots=True)
class Handler:
    """One operation's behaviour: `find` the resource that the path names or raise 404, then `act` on it.

    They are apart because the contract's checks stand between them: an unknown id is told before a bad body.
    """

    find: Callable[[Call], Any]
    act: Callable[[Call, Any], Answer]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an API speaks: its error body, its quota headers, and which status a bad body or query has."""

    error: Callable[[Problem, str], Mapping[str, Any]]
    quota_headers: Callable[[Reading], Headers]
    body_status: int
    query_status: int


@dataclass(frozen=True, slots=True)
class Stranger:
    """What an undeclared key opens: who owns the new world, and what the key may do in it."""

    owner: Frozen
    terms: Frozen


class Minted(NamedTuple):
    """A new credential, what it may do, and as whose it counts (None: as the world's owner)."""

    credential: str
    terms: Frozen
    owner: Frozen | None


def one_bucket(grant: Grant | None, _rate_class: str) -> str:
    """Return the name of the world's one bucket, or of the key's own if it counts as somebody else's."""
    return "" if grant is None or grant.owner is None else grant.key


@dataclass(frozen=True, slots=True)
class Law:
    """Who may do what: where the credential stands, what an undeclared one is worth, limits and permissions.

    `credential` returns the credential or the reason why there is none. `stranger` returns what an undeclared
    credential opens, or the reason why it opens nothing. `permit` raises a Problem. `mint` takes the world's owner,
    what was asked for (such as plan and scope), whether the world is a live one, and the letters that make the
    credential unlike any other; it raises a Problem. `secret` matches whatever reads like a credential, and always
    begins with `marker`. `terms` are the words that `mint` knows for each thing that can be asked for.

    Keys may also live in the data: `grant` finds the one of this id there. `introduction` returns the name by which a
    request without a credential says whose it is. `bucket` names the quota that a key's request of this class draws on
    ("": all requests of the world on one), and `circle` those callers to whom the same data looks alike.
    """

    credential: Callable[[Request], tuple[str | None, str]]
    stranger: Callable[[str, Frozen], Stranger | str]
    limit: Callable[[Frozen, str], Held]
    permit: Callable[[Frozen, Frozen, Operation | None], None]
    refusal: Callable[[str], Problem]
    mint: Callable[[Frozen, Mapping[str, Any], bool, str], Minted]
    secret: Pattern[str]
    marker: str
    terms: Mapping[str, tuple[str, ...]] = Frozen()
    grant: Callable[[Workspace, str], Grant | None] = lambda _workspace, _key: None
    introduction: Callable[[Request], str | None] = lambda _request: None
    bucket: Callable[[Grant | None, str], str] = one_bucket
    circle: Callable[[Frozen], str] = lambda _terms: ""


class Loaded(NamedTuple):
    """What a document says about a world: its data, its name, the time it declares, and the world around the data.

    `now` is None if the document names no time of its own; `world` is None unless the document was exported.
    """

    workspace: Workspace
    name: str
    now: int | None
    world: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Storage:
    """How an API's data is written down and read back, exactly.

    `dump` returns `tables` and `minted` as plain JSON values. `holder` returns what a fixture says of whose data it is.
    `load` takes a document (a fixture, or one that both made) and the instant at which its offsets begin; DocumentError
    names what is wrong. `tables` names the tables.
    """

    dump: Callable[[Workspace], dict[str, Any]]
    holder: Callable[[Frozen], dict[str, Any]]
    load: Callable[[Any, int], Loaded]
    tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drift:
    """What a metric reads at a moment, of a feature or (None) of the system as a whole.

    A reading in passing moves an alert that is open, and neither opens nor resolves one.
    """

    type: str
    feature: str | None
    metric: str
    value: float
    passing: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """What a script may do to an API's data besides what requests do; None is what this API has no such thing for.

    `watched` names the systems that can be monitored. `thresholds` are the values at which an alert opens or changes.
    `drift(workspace, system, reading, now)` lets the alerts of a system follow a reading; `settle(workspace, system,
    type, feature, now)` resolves those of a type and a feature, or (None) of every one; `incident(workspace, system,
    count, now)` adds incidents. `jobs(call, workspace, fate)` changes the jobs that a call of one of `job_makers` has
    just made, given the workspace after it. `cursor_at(call, item)` returns the cursor of the page of this call that
    begins with this item. `services` are what the API itself leans on, and what can therefore be out of order, each
    with the operations that need it. `bursts` says that a quota lets more at once than its rate.
    """

    watched: Callable[[Workspace], Iterable[str]] | None = None
    thresholds: tuple[float, ...] = ()
    drift: Callable[[Workspace, str, Drift, int], Workspace] | None = None
    settle: Callable[[Workspace, str, str | None, str | None, int], Workspace] | None = None
    incident: Callable[[Workspace, str, int, int], Workspace] | None = None
    jobs: Callable[[Call, Workspace, Mapping[str, Any]], Workspace] | None = None
    job_makers: tuple[str, ...] = ()
    cursor_at: Callable[[Call, Mapping[str, Any]], str] | None = None
    services: Mapping[str, tuple[str, ...]] = Frozen()
    bursts: bool = True


EMPTY_STAGE = Stage()


@dataclass(frozen=True, slots=True)
class Api:
    """One served product.

    `faults` are the kinds of faults that a scenario's rules may use, `events` those of its timeline (see `kind`),
    `scenarios` the documents of the shipped scenarios by name. `secret` is what nobody outside knows: unguessable texts
    are made with it.
    """

    name: str
    contract: Contract
    dialect: Dialect
    law: Law
    handlers: Mapping[str, Handler]
    storage: Storage
    stage: Stage = EMPTY_STAGE
    faults: tuple[Any, ...] = ()
    events: tuple[Any, ...] = ()
    scenarios: Callable[[], Mapping[str, Any]] = dict
    secret: str = ""
    version: str = ""
    """The segments below the contract's prefix that all documented paths share, such as `/v1`."""

    @property
    def base(self) -> str:
        """Return the path that the documents give as the API's base."""
        return self.contract.prefix + self.version


def assembled(api: Api) -> Api:
    """Return the API if operations and handlers match one to one; ContractError names the culprits."""
    declared, handled = set(api.contract.operations), set(api.handlers)
    missing, spare = sorted(declared - handled), sorted(handled - declared)
    if missing or spare:
        raise ContractError(
            f"{api.name}: operations without a handler: {', '.join(missing) or 'none'}; "
            f"handlers without an operation: {', '.join(spare) or 'none'}"
        )
    return api


def mint(call: Call, workspace: Workspace, prefix: str, table: str) -> tuple[str, Workspace]:
    """Return a new id with this prefix that no row of the table has, and the workspace that has counted it."""
    rows = workspace.table(table)
    count = workspace.minted.get(prefix, 0)
    while True:
        ident = prefix + alphanumeric6(call.seed, call.label, prefix, count)
        count += 1
        if rows.get(ident) is None:
            return ident, workspace.counting(prefix, count)
