"""Servers and doors for the rim, and the rule that nothing is ever logged as an error."""

from __future__ import annotations

import logging
import resource
from collections.abc import Iterator

import pytest

from tests.rim.doors import fresh_store, serving

CROWD = 2_000


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    """Yield the port of a server with a store of its own."""
    with serving(fresh_store()) as served:
        yield served


@pytest.fixture(scope="module")
def enough_files() -> Iterator[None]:
    """Let a test hold both ends of some hundreds of connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = CROWD if hard == resource.RLIM_INFINITY else min(CROWD, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, enough), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(autouse=True)
def _no_error_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    said = [each.getMessage() for each in caplog.get_records("call") if each.levelno >= logging.ERROR]
    assert not said
