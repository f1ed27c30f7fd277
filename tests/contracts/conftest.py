"""What the contract tests share: the fixture to serve, the report of counts, and one repair of the judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from sandbox.check.doors import without_socket_options
from sandbox.check.ledger import Ledger
from tests.conftest import REPORT


@pytest.fixture(scope="session")
def fixture_name() -> str:
    """Return the fixture that `sandbox serve` takes unless told."""
    return "default"


@pytest.fixture(scope="session", autouse=True)
def _probes_without_socket_options() -> Iterator[None]:
    """Repair Schemathesis' door in process, as `sandbox check` does."""
    with without_socket_options():
        yield


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Callable[[str, Ledger], None]:
    """Return a function that puts a run's counts under a title into the summary at the end."""

    def told(title: str, ledger: Ledger) -> None:
        for line in ledger.lines():
            record_property(REPORT, f"{title}: {line}")

    return told
