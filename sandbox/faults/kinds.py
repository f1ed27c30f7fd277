"""All kinds of faults, in the order in which a scenario's documentation lists them."""

from __future__ import annotations

from sandbox.core.kind import EventKind, FaultKind
from sandbox.faults.commit import COMMIT
from sandbox.faults.degrade import DEGRADE
from sandbox.faults.delay import DELAY
from sandbox.faults.drift import DRIFT, RESOLVE
from sandbox.faults.error import ERROR
from sandbox.faults.hangup import HANGUP
from sandbox.faults.incident import INCIDENT
from sandbox.faults.job import JOB
from sandbox.faults.key import KEY
from sandbox.faults.outage import OUTAGE
from sandbox.faults.rate_limit import RATE_LIMIT
from sandbox.faults.stale import STALE
from sandbox.faults.variant import VARIANT

KINDS: tuple[FaultKind, ...] = (RATE_LIMIT, ERROR, DELAY, OUTAGE, HANGUP, COMMIT, JOB, VARIANT, STALE, KEY, DEGRADE)
EVENTS: tuple[EventKind, ...] = (DRIFT, RESOLVE, INCIDENT)
"""All kinds of timed events."""
