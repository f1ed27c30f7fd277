"""A world of its own for a test: its key, ways to ask it, and its control plane in Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sandbox.testing.bound import counting, failures
from sandbox.testing.clock import WorldClock
from sandbox.testing.entry import Entry
from sandbox.testing.home import Home, home_of
from sandbox.testing.journal import Journal
from sandbox.testing.lobby import Lobby
from sandbox.testing.sleep import drive, release
from sandbox.testing.steward import Steward, inside, outside
from sandbox.testing.story import story
from sandbox.testing.strategies.script import Script
from sandbox.testing.terms import WORLD, Terms, label_of

if TYPE_CHECKING:
    import httpx
    import requests

IN_PROCESS = "http://sandbox"
"""The origin under which the clients in process find the sandbox."""


class Sandbox:
    """A private world under a key of its own, for the length of a `with` block.

    `with Sandbox(scenario="rate-limited") as sandbox: sandbox.client.get("/v1/systems")`

    `label` names the world: the same label meets the same ids and faults in every run. `server` is the origin of a
    running sandbox to be used instead of one in this process. `most` bounds how many requests the clients here may
    send: the next one raises `Endless`. Everything else is said by `Terms`. `witness` is called with the world before
    its journal is forgotten: at its end, and when it goes back.
    """

    def __init__(self, api: str = "aikraft", *, label: str = "", server: str = "", most: int = 0, **terms: Any) -> None:
        self.terms = Terms(api=api, **terms)
        self.api = api
        self.label = label_of(label)
        self._server = server.rstrip("/")
        if server and self.terms.fixture != "default":
            raise ValueError("fixture: a running server has its own, start it with --fixture")
        if server and most:
            raise ValueError("most: only what is asked in this process can be bounded")
        self._count = counting(most)
        self._clients: dict[str, Any] = {}
        self.witness: Callable[[Sandbox], None] | None = None
        self._home: Home | None = None
        self._lobby: Lobby | None = None
        self._driven: int | None = None

    def __repr__(self) -> str:
        """Return the API and the label."""
        return f"<Sandbox {self.api} {self.label!r}>"

    def open(self) -> Sandbox:
        """Begin the world."""
        if self._server:
            self._first_key = self.terms.key(f"{self.label} {uuid4()}")
            self._steward = Steward(outside(self._over_sockets(self._first_key, "steward")))
        else:
            self._home = home_of(self.api, self.terms.fixture, self.terms.clock)
            self._name = self._home.take(self.label)
            self._first_key = self.terms.key(self._name)
            self._lobby = self._home.lobby()
            self._world = self._home.begin(self._first_key, self.label)
            self._steward = Steward(inside(self._home.store, self._first_key))
        self.clock = WorldClock(self._steward, drives_sleep=self.terms.sleep == WORLD)
        with ExitStack() as undone:
            undone.callback(self._leave)
            self._prepare()
            undone.pop_all()
        if self.clock.drives_sleep:
            self._driven = drive(self.clock)
        return self

    def wake(self) -> None:
        """Let `time.sleep` wait again; the world stays."""
        if self._driven is not None:
            release(self.clock, self._driven)
            self._driven = None

    def close(self) -> None:
        """End the world: nothing of it stays in this process."""
        self.wake()
        try:
            self._forgetting()
        finally:
            self._leave()

    def __enter__(self) -> Sandbox:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is not None and isinstance(error, failures()):
                error.add_note(f"sandbox {self.api}\n{self._played()}{story(self.journal)}")
        finally:
            self.close()

    # Ways to ask

    @property
    def url(self) -> str:
        """Return the origin at which a server answers for this world's key; it is started when first asked for."""
        return self._server if self._home is None else self._home.server.url

    @property
    def base_url(self) -> str:
        """Return the origin that the clients here ask: that of the running server, else one that leads nowhere else."""
        return self._server or IN_PROCESS

    @property
    def client(self) -> httpx.Client:
        """Return an httpx client with this world's key, in process unless there is a running server."""
        if "client" not in self._clients:
            self._clients["client"] = self._made_client()
        client: httpx.Client = self._clients["client"]
        return client

    @property
    def aclient(self) -> httpx.AsyncClient:
        """Return an async httpx client with this world's key; close one that goes over sockets yourself."""
        if "aclient" not in self._clients:
            import httpx

            from sandbox.testing.transport import AsyncSandboxTransport

            transport = None if self._home is None else AsyncSandboxTransport(store=self._home.store, count=self._count)
            headers = self.headers
            self._clients["aclient"] = httpx.AsyncClient(transport=transport, base_url=self.base_url, headers=headers)
        client: httpx.AsyncClient = self._clients["aclient"]
        return client

    @property
    def session(self) -> requests.Session:
        """Return a session of requests with this world's key, for URLs that begin with `base_url`."""
        if "session" not in self._clients:
            import requests

            session = requests.Session()
            session.headers.update(self.headers)
            if self._home is not None:
                from sandbox.testing.adapter import SandboxAdapter

                session.trust_env = False
                session.mount(self.base_url, SandboxAdapter(store=self._home.store, count=self._count))
            self._clients["session"] = session
        made: requests.Session = self._clients["session"]
        return made

    @property
    def headers(self) -> dict[str, str]:
        """Return the header fields that lead to this world."""
        return {"Authorization": f"Bearer {self.key}"}

    # What plays

    def scenario(self, scenario: str | Mapping[str, Any] | None) -> Mapping[str, Any]:
        """Let the scenario of this name, or this document, begin; None ends the active one."""
        asked = {"name": scenario} if scenario is None or isinstance(scenario, str) else {"scenario": dict(scenario)}
        active: Mapping[str, Any] = self._steward.ask("PUT", "/scenarios/active", asked)
        return active

    def fault(self, *, then: Mapping[str, Any], when: Mapping[str, Any] | None = None, **more: Any) -> str:
        """Add a single fault and return its id; `more` is `times`, `ttl` or `continue`."""
        return str(self._steward.ask("POST", "/faults", {"when": dict(when or {}), "then": dict(then), **more})["id"])

    # Its past

    def snapshot(self, name: str = "snapshot") -> None:
        """Name the present."""
        self._steward.ask("POST", "/snapshots", {"name": name})

    def restore(self, name: str = "snapshot") -> None:
        """Go back to the moment of this name."""
        self._forgetting()
        self._steward.ask("POST", f"/snapshots/{name}/restore")

    def reset(self) -> None:
        """Take the world back to its beginning: data, clock, quota, faults, journal; its scenario begins again."""
        self._forgetting()
        self._steward.ask("POST", "/reset")
        self._prepare()

    # Its journal

    @property
    def journal(self) -> Journal:
        """Return what is remembered of this world."""
        return Journal(self.api, self.label, self._steward, self._lobby)

    @property
    def requests(self) -> list[Entry]:
        """Return the requests to the API that are remembered, oldest first, whichever way they came."""
        return self.journal.requests()

    @property
    def strays(self) -> list[Entry]:
        """Return the requests that came without a usable key and so to no world, oldest first; none of a server's."""
        return self.journal.strays()

    def verify(self, match: Mapping[str, Any] | None = None, **count: int) -> int:
        """Return how many requests fit a match; AssertionError with those that came closest if `count` does not hold.

        `count` is `at_least`, `exactly` or `at_most`, at least one unless told.
        """
        return self.journal.verify(match, **count)

    @property
    def verdicts(self) -> list[Mapping[str, Any]]:
        """Return what the requests say against the client that sent them: `name`, `severity` and the rest of each."""
        return self.journal.verdicts()

    @property
    def coverage(self) -> Mapping[str, Any]:
        """Return what the requests have seen of all that the contract declares: counts, points, and ways to them."""
        return self.journal.coverage()

    @property
    def fidelity(self) -> list[Mapping[str, Any]]:
        """Return what the requests leaned on that is not documented: `id`, `provenance`, `because` and more of each."""
        return self.journal.fidelity()

    def explain(self, entry: Entry | str) -> Mapping[str, Any]:
        """Return why a request, given as an entry or by its id, was answered as it was."""
        return self.journal.explain(entry)

    def capsule(self) -> Mapping[str, Any]:
        """Return what led to the present as one document, which `sandbox replay` goes through again."""
        return self.journal.capsule()

    @property
    def home(self) -> Home | None:
        """Return where the world lives if that is in this process, or None."""
        return self._home

    @property
    def world(self) -> str:
        """Return the name of the world, as its home has it."""
        return self._world

    def _forgetting(self) -> None:
        """Let whoever wants to know look at the journal once more, before some of it is gone."""
        if self.witness is not None:
            self.witness(self)

    def _played(self) -> str:
        """Return the file of the scenario that was drawn, since not every run of Hypothesis prints what it draws."""
        scenario = self.terms.scenario
        return f"{scenario.text}\n" if isinstance(scenario, Script) else ""

    def _prepare(self) -> None:
        if self._home is None:
            self._steward.ask("PUT", "/settings", {"label": self.label})
            self._steward.ask("PUT", "/clock", _clock_asked(self.terms.clock))
        other = self.terms.other_key
        self.key = self._steward.ask("POST", "/keys", other)["key"] if other else self._first_key
        if self.terms.scenario is not None:
            self.scenario(self.terms.scenario)

    def _made_client(self) -> httpx.Client:
        if self._home is None:
            return self._over_sockets(self.key, "client")
        import httpx

        from sandbox.testing.transport import SandboxTransport

        transport = SandboxTransport(store=self._home.store, count=self._count)
        return httpx.Client(transport=transport, base_url=self.base_url, headers=self.headers)

    def _over_sockets(self, key: str, name: str) -> httpx.Client:
        import httpx

        client = httpx.Client(base_url=self._server, headers={"Authorization": f"Bearer {key}"})
        self._clients[name] = client
        return client

    def _leave(self) -> None:
        for name, client in self._clients.items():
            if name != "aclient":
                client.close()
        self._clients.clear()
        if self._home is not None:
            self._home.leave(self._name, self._world)
            self._home = None


def _clock_asked(text: str) -> dict[str, Any]:
    """Return what a running server is asked for so that a world's clock is as this text says."""
    mode, _, when = text.partition("@")
    if mode[:1].isdigit():
        mode, when = "frozen", text
    at = {"now": when} if when else {}
    if mode.startswith("x"):
        return {"mode": "scaled", "rate": float(mode[1:]), **at}
    return {"mode": mode or "frozen", **at}
