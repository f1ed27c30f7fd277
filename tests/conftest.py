"""The summary at the end of a run. It stands here because only this file is read before the workers start."""

from __future__ import annotations

from typing import Any

REPORT = "contracts"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what the contract tests counted; it travels in the reports, so that it arrives from every worker."""
    done = (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed"))
    lines = [text for each in done if each.when == "call" for name, text in each.user_properties if name == REPORT]
    if lines:
        terminalreporter.section("contracts")
        for line in lines:
            terminalreporter.line(line)
