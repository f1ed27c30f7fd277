"""The clients under test, each on a world of its own; `chance` is fixed, so that every run is the same."""

import pytest
from compliance import Compliance
from patience import Patient
from reasoning import Reasoning


@pytest.fixture
def compliance(aikraft_sandbox):
    return Compliance(Patient(aikraft_sandbox.client, chance=lambda: 0.5))


@pytest.fixture
def reasoning(ctrlai_sandbox):
    return Reasoning(Patient(ctrlai_sandbox.client, chance=lambda: 0.5))


@pytest.fixture
def blame():
    """What the sandbox has against the client; a note is no blame: the job's endpoint is named and not described."""
    return lambda sandbox: [each["name"] for each in sandbox.verdicts if each["severity"] != "note"]
