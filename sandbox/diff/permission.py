"""What `sandbox diff` may do: which keys may write, and where."""

from __future__ import annotations

import re
from argparse import Namespace
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.app import contract_of
from sandbox.terminal.client import Trouble

_TEST_KEYS = {"aikraft": "ak_test_", "ctrlai": "ctrlai_pk_7e57"}


def check(given: Namespace, key: str, base: str) -> None:
    """Raise Trouble if the call asks for what must not be."""
    known = contract_of(given.api).operations
    for name in named(given):
        if name not in known:
            raise Trouble(f"--operations: expected some of {', '.join(known)}, got {name!r}")
    if given.operations and not named(given):
        raise Trouble(f"--operations: expected some of {', '.join(known)}, got none")
    if given.report and (Path(given.report).is_dir() or not Path(given.report).absolute().parent.is_dir()):
        raise Trouble(f"--report: expected a file in a folder that exists, got {given.report}")
    if given.max_examples < 1:
        raise Trouble(f"--max-examples: expected 1 or more, got {given.max_examples}")
    if not re.fullmatch(r"[!-~]*", key):
        raise Trouble("--upstream-key: expected a key in printable ASCII without spaces")
    if given.allow_writes and not _may_write(given.api, key, base):
        raise Trouble(_refusal(given.api))


def _may_write(api: str, key: str, base: str) -> bool:
    return key.startswith(_TEST_KEYS[api]) or (api == "ctrlai" and _is_loopback(urlsplit(base).hostname or ""))


def _refusal(api: str) -> str:
    if api == "ctrlai":
        return (
            "--allow-writes: nothing in a key of Ctrl AI says that it is for tests: expected an upstream on this "
            "machine, or a key that begins with ctrlai_pk_7e57"
        )
    return "--allow-writes: expected a test key, one that begins with ak_test_: any other may write to real records"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def named(given: Namespace) -> list[str]:
    """Return the operations that the flag names."""
    return [each.strip() for each in given.operations.split(",") if each.strip()]
