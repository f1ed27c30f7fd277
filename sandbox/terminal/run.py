"""From a namespace to an exit code: the verb is run, and whatever stops it is told with its remedy."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping

from sandbox.terminal import steer
from sandbox.terminal.client import FINE, Refusal, Server, Trouble, server_of
from sandbox.terminal.explain import explain
from sandbox.terminal.fidelity import fidelity
from sandbox.terminal.journal import requests
from sandbox.terminal.play import play
from sandbox.terminal.screen import Screen, complain, print_json, screen_of
from sandbox.terminal.verdicts import verdicts
from sandbox.terminal.verify import verify

INTERRUPTED = 130
"""What shells give for Ctrl-C."""

Work = Callable[[Server, Screen, Namespace], int]

VERBS: Mapping[str, Work] = {
    "status": steer.status,
    "reset": steer.reset,
    "clock show": steer.clock_show,
    "clock advance": steer.clock_advance,
    "clock freeze": steer.clock_freeze,
    "clock set": steer.clock_set,
    "clock real": steer.clock_real,
    "clock scale": steer.clock_scale,
    "snapshot list": steer.snapshot_list,
    "snapshot save": steer.snapshot_save,
    "snapshot restore": steer.snapshot_restore,
    "snapshot delete": steer.snapshot_delete,
    "rewind": steer.rewind,
    "requests": requests,
    "explain": explain,
    "verify": verify,
    "verdicts": verdicts,
    "fidelity": fidelity,
    "keys list": steer.keys_list,
    "keys mint": steer.keys_mint,
    "keys revoke": steer.keys_revoke,
    "capsule": steer.capsule,
    "play": play,
}


def run(given: Namespace, work: Work | None = None) -> int:
    """Run the verb and return the exit code: 0 fine, 1 findings or a refusal, 2 a wrong call, 130 after Ctrl-C.

    `work` is what a verb does that is none of those here.
    """
    return heard(lambda: _run(given, work or VERBS[given.verb]))


def heard(work: Callable[[], int]) -> int:
    """Return the exit code of what prints: its own, 0 if whoever reads has enough, 130 after Ctrl-C."""
    try:
        code = work()
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _unheard()


def _run(given: Namespace, work: Work) -> int:
    screen = screen_of(given)
    try:
        server = server_of(given)
        screen = screen_of(given, server.key)
        return work(server, screen, given)
    except Trouble as trouble:
        return _told(screen, trouble)


def _told(screen: Screen, trouble: Trouble) -> int:
    if screen.json and isinstance(trouble, Refusal):
        print_json(screen, trouble.problem)
    complain(screen, str(trouble))
    return trouble.code


def _unheard() -> int:
    """Return that all is fine: whoever read, such as `head`, has enough. The interpreter's last flush must not fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FINE
