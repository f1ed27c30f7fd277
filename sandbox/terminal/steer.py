"""The verbs about a world as a whole: its state on one screen, its clock, its past, its keys, its capsule."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sandbox.terminal.client import FINE, Server, Trouble, ask, listed, raw, segment
from sandbox.terminal.screen import NOTHING, Screen, complain, print_json, print_pairs, print_raw, print_table

_SNAPSHOT = ("name", "at", "ordinal")
_KEY = ("id", "plan", "scope", "role", "expires", "revoked")
_CLOCK = ("now", "mode", "rate", "auto_advance")
_REFUSED = {"or": [{"status": "4xx"}, {"status": "5xx"}]}


def said(value: object) -> str:
    """Return a value from an answer as people write it."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def status(server: Server, screen: Screen, _given: Namespace) -> int:
    """Show where the sandbox is, which world this is, and how it stands."""
    found = _status(server)
    if screen.json:
        print_json(screen, found)
        return FINE
    clock, count = found["clock"], found["requests"]
    names = ", ".join(found["snapshots"])
    shown = {
        **{name: said(found[name]) for name in ("url", "version", "world", "api")},
        "clock": f"{said(clock.get('now'))}, {said(clock.get('mode'))}, rate {said(clock.get('rate'))}",
        "requests": f"{count['total']}, {count['refused']} refused, {count['unmatched']} unmatched",
        "snapshots": f"{len(found['snapshots'])}{': ' if names else ''}{names}",
        **{name: said(found[name]) for name in ("keys", "quota", "evicted")},
    }
    print_pairs(screen, shown)
    return FINE


def _status(server: Server) -> dict[str, Any]:
    settings = ask(server, "GET", "/settings")
    return {
        "url": server.url,
        "version": ask(server, "GET", "/version").get("version"),
        "world": settings.get("world"),
        "api": settings.get("api"),
        "clock": ask(server, "GET", "/clock"),
        "requests": {
            "total": _counted(server, {}),
            "refused": _counted(server, _REFUSED),
            "unmatched": _total(ask(server, "GET", "/requests/unmatched", query={"limit": 1})),
        },
        "snapshots": [said(each.get("name")) for each in listed(server, ask(server, "GET", "/snapshots"), "snapshots")],
        "keys": _total(ask(server, "GET", "/keys")),
        "quota": settings.get("quota"),
        "evicted": settings.get("evicted"),
    }


def _counted(server: Server, match: Mapping[str, Any]) -> Any:
    return ask(server, "POST", "/requests/count", {"match": match}).get("count")


def _total(answer: Mapping[str, Any]) -> Any:
    return (answer.get("meta") or {}).get("total")


def reset(server: Server, screen: Screen, _given: Namespace) -> int:
    """Take the world back to its fixture."""
    return _pairs(screen, ask(server, "POST", "/reset"), ("status",))


def clock_show(server: Server, screen: Screen, _given: Namespace) -> int:
    """Show the clock."""
    return _pairs(screen, ask(server, "GET", "/clock"), _CLOCK)


def clock_advance(server: Server, screen: Screen, given: Namespace) -> int:
    """Move the clock forward by a duration."""
    return _pairs(screen, ask(server, "POST", "/clock/advance", {"by": given.by}), _CLOCK)


def clock_freeze(server: Server, screen: Screen, given: Namespace) -> int:
    """Stop the clock where it stands, or at a time."""
    return _put_clock(server, screen, {"mode": "frozen"} | ({"now": given.now} if given.now else {}))


def clock_set(server: Server, screen: Screen, given: Namespace) -> int:
    """Let the clock run on from another time."""
    return _put_clock(server, screen, {"mode": "offset", "now": given.now})


def clock_real(server: Server, screen: Screen, _given: Namespace) -> int:
    """Let the clock show the time outside."""
    return _put_clock(server, screen, {"mode": "real"})


def clock_scale(server: Server, screen: Screen, given: Namespace) -> int:
    """Let the clock run faster or slower from where it stands."""
    return _put_clock(server, screen, {"mode": "scaled", "rate": given.rate})


def _put_clock(server: Server, screen: Screen, change: Mapping[str, Any]) -> int:
    return _pairs(screen, ask(server, "PUT", "/clock", change), _CLOCK)


def snapshot_list(server: Server, screen: Screen, _given: Namespace) -> int:
    """List the snapshots."""
    return _rows(server, screen, ask(server, "GET", "/snapshots"), "snapshots", _SNAPSHOT)


def snapshot_save(server: Server, screen: Screen, given: Namespace) -> int:
    """Name the present."""
    return _pairs(screen, ask(server, "POST", "/snapshots", {"name": given.name}), _SNAPSHOT)


def snapshot_restore(server: Server, screen: Screen, given: Namespace) -> int:
    """Go back to a snapshot."""
    return _pairs(screen, ask(server, "POST", f"/snapshots/{segment(given.name)}/restore"), _SNAPSHOT)


def snapshot_delete(server: Server, screen: Screen, given: Namespace) -> int:
    """Forget a snapshot."""
    return _pairs(screen, ask(server, "DELETE", f"/snapshots/{segment(given.name)}"), ("status",))


def rewind(server: Server, screen: Screen, given: Namespace) -> int:
    """Undo the latest requests, or one and all after it."""
    span = {"to": given.to} if given.to is not None else {"by": given.by}
    return _pairs(screen, ask(server, "POST", "/rewind", span), ("ordinal", "now", "forgotten"))


def keys_list(server: Server, screen: Screen, _given: Namespace) -> int:
    """List the keys without their credentials."""
    return _rows(server, screen, ask(server, "GET", "/keys"), "keys", _KEY)


def keys_mint(server: Server, screen: Screen, given: Namespace) -> int:
    """Make a key and show it: alone for scripts, so that a shell can keep it in a variable."""
    terms = {name: getattr(given, name) for name in ("plan", "scope", "role", "expires_in")}
    minted = ask(server, "POST", "/keys", {name: value for name, value in terms.items() if value is not None})
    if screen.json or screen.eyes:
        return _pairs(screen, minted, ("key", *_KEY))
    print(said(minted.get("key")))
    return FINE


def keys_revoke(server: Server, screen: Screen, given: Namespace) -> int:
    """Revoke a key."""
    return _pairs(screen, ask(server, "DELETE", f"/keys/{segment(given.id)}"), _KEY)


def capsule(server: Server, screen: Screen, given: Namespace) -> int:
    """Write the capsule, byte for byte as it came, to standard output or to a file."""
    content = raw(server, "GET", "/capsule")
    if given.out is None:
        print_raw(screen, content)
        return FINE
    try:
        Path(given.out).write_bytes(content)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise Trouble(f"--out: {given.out} cannot be written: {why}") from error
    complain(screen, f"wrote {given.out}, {len(content)} bytes")
    return FINE


def _pairs(screen: Screen, answer: Mapping[str, Any], names: Sequence[str]) -> int:
    """Print these fields of an answer, or all of it as JSON."""
    if screen.json:
        print_json(screen, answer)
    else:
        print_pairs(screen, {name: said(answer[name]) for name in names if name in answer})
    return FINE


def _rows(server: Server, screen: Screen, answer: Mapping[str, Any], plural: str, names: Sequence[str]) -> int:
    """Print a list by these fields, one row each, or all of the answer as JSON."""
    if screen.json:
        print_json(screen, answer)
    else:
        rows = [[said(each.get(name)) for name in names] for each in listed(server, answer, plural)]
        print_table(screen, names, rows)
    return FINE
