"""The summary at the end of a run. It stands here because only this file is read before the workers start."""

from __future__ import annotations

import signal
from typing import Any

REPORT = "contracts"

# A run that a shell has put into the background ignores interrupts, and so would every server that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what the contract tests counted; it travels in the reports, so that it arrives from every worker."""
    done = (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed"))
    lines = [text for each in done if each.when == "call" for name, text in each.user_properties if name == REPORT]
    if lines:
        terminalreporter.section("contracts")
        for line in lines:
            terminalreporter.line(line)
