"""What the contract tests share: the fixture to serve, the report of counts, and one repair of the judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from schemathesis.transport.wsgi import WSGITransport

from tests.conftest import REPORT
from tests.contracts.ledger import Ledger

SOCKET_OPTIONS = ("max_redirects", "verify", "cert")


@pytest.fixture(scope="session")
def fixture_name() -> str:
    """Return the fixture that `sandbox serve` takes unless told."""
    return "default"


@pytest.fixture(scope="session", autouse=True)
def _probes_without_socket_options() -> Iterator[None]:
    """Keep options of sockets from werkzeug: Schemathesis 4.32 hands them over when a check asks again over WSGI."""
    send = WSGITransport.send

    def sent(self: Any, case: Any, **given: Any) -> Any:
        return send(self, case, **{name: each for name, each in given.items() if name not in SOCKET_OPTIONS})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WSGITransport, "send", sent)
        yield


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Callable[[str, Ledger], None]:
    """Return a function that puts a run's counts under a title into the summary at the end."""

    def told(title: str, ledger: Ledger) -> None:
        for line in ledger.lines():
            record_property(REPORT, f"{title}: {line}")

    return told
