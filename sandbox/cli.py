"""The command `sandbox`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from ipaddress import ip_address
from secrets import token_urlsafe

from sandbox.check.command import add_check
from sandbox.coverage.verb import add_coverage
from sandbox.diff.command import add_diff
from sandbox.fidelity import add_fidelity
from sandbox.settings import APIS, Settings
from sandbox.terminal.verbs import add_play, add_verbs
from sandbox.version import VERSION

FINE, FINDINGS, USAGE, INTERRUPTED = 0, 1, 2, 130
PLANS = ("free", "starter", "pro", "enterprise")
ROLES = ("viewer", "reviewer", "author", "admin")
HINTS = {
    "aikraft": "ak_test_enterprise_hello (any ak_test_… opens a world of its own)",
    "ctrlai": "ctrlai_pk_7e570000000000000000000000000001 (so does any ctrlai_pk_7e57…)",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 fine, 1 findings, 2 a wrong call, 130 after Ctrl-C."""
    parser = _parser()
    given = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = given.run
    try:
        return run(given)
    except KeyboardInterrupt:
        # At any stage: while a verb's modules come in, too.
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "sandbox", description="An offline, stateful twin of the Aikraft and Ctrl AI APIs."
    )
    parser.add_argument("--version", action="version", version=VERSION)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    _add_serve(verbs.add_parser("serve", help="serve the APIs until interrupted"))
    _add_seed(verbs.add_parser("seed", help="write a fixture of made-up rows to standard output"))
    add_verbs(verbs)
    add_coverage(verbs)
    add_fidelity(verbs)
    _add_play(add_play(verbs))
    _add_scenarios(verbs.add_parser("scenarios", help="list the scenarios that the sandbox comes with, or show one"))
    _add_check(
        verbs.add_parser("check-scenario", help="tell whether a scenario can work, and if not, all that hinders it")
    )
    add_check(verbs)
    _add_replay(verbs.add_parser("replay", help="go through a capsule again and compare every answer"))
    add_diff(verbs)
    return parser


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_serve)
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to bind (default: %(default)s)")
    add("--port", "-p", type=int, default=8800, help="port to bind, 0 for a free one (default: %(default)s)")
    add("--api", action="append", choices=APIS, help="serve this API; may be given again (default: all)")
    add("--fixture", default="default", metavar="NAME|FILE", help="what worlds start with (default: %(default)s)")
    add("--scenario", default="", metavar="NAME|FILE", help="what goes wrong on purpose in every world (default: none)")
    add("--seed", type=int, default=0, help="seed of ids and draws (default: %(default)s)")
    add("--clock", default="", metavar="CLOCK", help="real, frozen, a time, frozen@TIME, x60 or x60@TIME")
    add("--plan", default="pro", choices=PLANS, help="plan of undeclared test keys (default: %(default)s)")
    add("--scope", default="admin", choices=("read", "write", "admin"), help="their scope (default: %(default)s)")
    add("--role", default="admin", choices=ROLES, help="their role, where keys have roles (default: %(default)s)")
    add("--strict-keys", action="store_true", help="refuse keys that the fixture does not declare")
    add("--quota", default="enforce", choices=("enforce", "observe", "off"), help="rate limits (default: %(default)s)")
    add("--memory", type=int, default=256, metavar="MIB", help="cap for all worlds together (default: %(default)s)")
    add("--journal-entries", type=int, default=10_000, metavar="N", help="requests a world remembers (%(default)s)")
    add("--journal-bytes", type=int, default=128, metavar="MIB", help="how much it remembers (default: %(default)s)")
    add(
        "--admin-token",
        default="",
        help="token for what concerns all worlds (default: one is made up)",
    )
    add("--allow-host", action="append", default=[], metavar="NAME", help="a host name that may reach /__admin")
    add("--no-admin", action="store_true", help="turn the control plane off")


def _add_replay(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_replay)
    parser.add_argument("file", metavar="FILE", help="a capsule: what `sandbox capsule` wrote")
    parser.add_argument("--at", type=int, metavar="N", help="stop after this record, counted from 1, and explain it")
    parser.add_argument("--fixture", metavar="NAME|FILE", help="the fixture that it began with (default: as it says)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _add_play(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_play)


def _add_scenarios(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_scenarios)
    parser.add_argument("name", metavar="NAME", nargs="?", help="show this one as its file has it")
    parser.add_argument("--api", choices=APIS, help="of this API (default: of all)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_check_scenario)
    parser.add_argument("file", metavar="FILE", help="a scenario in YAML or JSON")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _add_seed(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_seed)
    parser.add_argument("--api", choices=APIS, default=APIS[0], help="for this API (default: %(default)s)")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--systems", type=int, default=100, help="how many systems, of Aikraft (default: %(default)s)")
    either.add_argument("--units", type=int, default=100, help="how many units, of Ctrl AI (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed writes the same file (default: %(default)s)")


def _serve(given: argparse.Namespace) -> int:
    from sandbox.app import create_store
    from sandbox.core.contract import ContractError
    from sandbox.web.files import FileError
    from sandbox.web.server import listen, serve, url_of

    token = given.admin_token or os.environ.get("SANDBOX_ADMIN_TOKEN", "")
    if not _is_loopback(given.host) and not token and not given.no_admin:
        return _usage(
            f"--host {given.host} is reachable from other machines: give an --admin-token as well, or --no-admin"
        )
    made = "" if token or given.no_admin else token_urlsafe(24)
    try:
        settings = _settings(given, token or made)
        store = create_store(settings)
        bound = listen(given.host, given.port)
    except (FileError, ContractError, ValueError) as error:
        return _usage(str(error))
    except (OSError, OverflowError) as error:
        return _usage(f"cannot bind {given.host}:{given.port}: {error}; --port 0 takes a free port")

    def ready() -> None:
        for realm in store.realms:
            print(f"{realm.name}: {url_of(bound)}{realm.keyring.api.base}")
            print(f"  try the key {HINTS[realm.name]}")
        if made:
            print(f"admin token: {made}")
        sys.stdout.flush()

    with suppress(KeyboardInterrupt):
        serve(store, bound, ready)
    return FINE


def _settings(given: argparse.Namespace, token: str) -> Settings:
    for name, least, most in (("memory", 1, 1 << 20), ("journal_entries", 1, 100_000), ("journal_bytes", 1, 4096)):
        if not least <= getattr(given, name) <= most:
            raise ValueError(f"--{name.replace('_', '-')}: expected {least} to {most}, got {getattr(given, name)}")
    return Settings(
        apis=tuple(given.api or APIS), fixture=given.fixture, seed=given.seed, clock=given.clock, plan=given.plan,
        scope=given.scope, role=given.role, strict_keys=given.strict_keys, quota=given.quota, admin_token=token,
        admin=not given.no_admin, hosts=(*given.allow_host, given.host), memory=given.memory << 20,
        journal_entries=given.journal_entries, journal_bytes=given.journal_bytes << 20, scenario=given.scenario,
        secret=token_urlsafe(24),
    )  # fmt: skip


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _seed(given: argparse.Namespace) -> int:
    try:
        from sandbox import seed, seed_ctrlai
    except ImportError:
        return _usage("sandbox seed needs Faker: pip install 'aikraft-sandbox[testing]'")
    try:
        if given.api == "ctrlai":
            text = seed_ctrlai.fixture_text(given.units, given.seed)
        else:
            text = seed.fixture_text(given.systems, given.seed)
    except ValueError as error:
        return _usage(str(error))
    sys.stdout.write(text)
    return FINE


def _replay(given: argparse.Namespace) -> int:
    from sandbox.replay import replay
    from sandbox.web.files import FileError

    try:
        return replay(given)
    except FileError as error:
        return _usage(str(error))


def _play(given: argparse.Namespace) -> int:
    from sandbox.repertoire import wish_of
    from sandbox.terminal.run import run
    from sandbox.web.files import FileError

    try:
        given.wish = wish_of(given.scenario)
    except FileError as error:
        return _usage(str(error))
    return run(given)


def _scenarios(given: argparse.Namespace) -> int:
    from sandbox.repertoire import scenarios
    from sandbox.web.files import FileError

    try:
        return scenarios(given)
    except FileError as error:
        return _usage(str(error))


def _check_scenario(given: argparse.Namespace) -> int:
    from sandbox.repertoire import check

    return check(given)


def _usage(message: str) -> int:
    print(f"sandbox: {message}", file=sys.stderr)
    return USAGE
