"""Coverage as one page of HTML that needs nothing else: no network, no script, any width, light and dark."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from sandbox.core.coverage import KINDS, Point
from sandbox.core.coverage_report import Count, Coverage, Deed, deeds_of
from sandbox.coverage.telling import FEW

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2330; --soft: #5b6475; --line: #d9dde5; --ground: #fff; --card: #f5f6f9;
  --good: #1a7f4b; --bad: #b3261e; --fill: #2f6fde; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9f0; --soft: #a0a8b8; --line: #343a48; --ground: #14171e;
  --card: #1c2029; --good: #5cc98c; --bad: #ff8a80; --fill: #7aa7ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0 0 1rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
h3 { font-size: .95rem; margin: 1rem 0 .25rem; }
p { margin: .25rem 0; } .soft { color: var(--soft); }
.totals { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); }
.card, details { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; }
.card strong { display: block; font-size: 2rem; line-height: 1.2; }
.row { display: grid; gap: .25rem 1rem; grid-template-columns: minmax(6rem, 12rem) 1fr 9rem; align-items: center; }
.row > :last-child { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.kinds .row { padding: .2rem 0; }
meter { width: 100%; height: .75rem; appearance: none; border: 0; border-radius: .4rem; background: var(--line); }
meter::-webkit-meter-bar { background: var(--line); border: 0; border-radius: .4rem; height: .75rem; }
meter::-webkit-meter-optimum-value { background: var(--fill); border-radius: .4rem; }
meter::-moz-meter-bar { background: var(--fill); border-radius: .4rem; }
details { margin: .5rem 0; padding-left: 1.75rem; } summary { cursor: pointer; list-style-position: outside; }
details[open] > summary { margin-bottom: .75rem; }
ul, ol { margin: 0; padding-left: 1.75rem; } li { margin: .3rem 0; }
.points { list-style: none; padding: 0; } .points li { padding-left: 1.4rem; text-indent: -1.4rem; }
.seen::before { content: "\\2713"; color: var(--good); } .missing::before { content: "\\2717"; color: var(--bad); }
.points li::before { display: inline-block; width: 1.4rem; text-indent: 0; }
.points li > * { text-indent: 0; } .points .soft { display: block; }
code { font: .875rem/1.4 ui-monospace, monospace; }
@media (max-width: 34rem) { .row { grid-template-columns: 1fr auto; }
  .row > meter { grid-column: 1 / -1; grid-row: 2; } }
"""


def page(coverage: Coverage) -> str:
    """Return the page, as a whole document."""
    name = escape(coverage.api)
    parts = (
        f"<h1>What the tests have seen of {name}</h1>",
        '<div class="totals">',
        _card("of all that the contract declares", coverage.total),
        _card("of the points of errors", coverage.errors),
        "</div>",
        "<h2>Kinds</h2>",
        '<div class="kinds">',
        *(f'<div class="row">{_bar(each, coverage.of_kind(each))}</div>' for each in KINDS),
        "</div>",
        *_deeds(deeds_of(coverage)),
        "<h2>Operations</h2>",
        *(_operation(coverage, each) for each in coverage.operations),
        f'<p class="soft">Contract <code>{escape(coverage.sha256[:12])}</code></p>',
    )
    return _document(f"Coverage of {name}", "\n".join(parts))


def _document(title: str, body: str) -> str:
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _card(label: str, count: Count) -> str:
    told = f"{count.seen} of {count.declared} points"
    return f'<div class="card"><strong>{count.percent:.1f} %</strong>{label}<p class="soft">{told}</p></div>'


def _bar(name: str, count: Count) -> str:
    told = f"{count.seen} of {count.declared}, {count.percent:.1f} %" if count.declared else "none"
    meter = f'<meter min="0" max="100" value="{count.percent}" aria-label="{escape(name)}">{told}</meter>'
    return f"<span>{escape(name)}</span>{meter}<span>{told}</span>"


def _deeds(deeds: list[Deed]) -> Iterable[str]:
    if not deeds:
        return ("<h2>Nothing is missing</h2>",)
    items = (f"<li>{escape(each.way.say)} <span class='soft'>({len(each.points)} points)</span></li>" for each in deeds)
    return ("<h2>What shows most of what is missing</h2>", "<ol>", *list(items)[:FEW], "</ol>")


def _operation(coverage: Coverage, operation: str) -> str:
    own = [each for each in coverage.ways if each.operation == operation]
    groups = ((kind, [each for each in own if each.kind == kind]) for kind in KINDS)
    lists = "\n".join(_points(coverage, kind, points) for kind, points in groups if points)
    bar = _bar(operation, coverage.of_operation(operation))
    return f'<details>\n<summary><span class="row">{bar}</span></summary>\n{lists}\n</details>'


def _points(coverage: Coverage, kind: str, points: list[Point]) -> str:
    items = "\n".join(_point(coverage, each) for each in points)
    return f'<h3>{escape(kind)}</h3>\n<ul class="points">\n{items}\n</ul>'


def _point(coverage: Coverage, point: Point) -> str:
    told = f"<code>{escape(str(point))}</code>"
    if point in coverage.seen:
        return f'<li class="seen">{told}<span hidden> seen</span></li>'
    return f'<li class="missing">{told} <span class="soft">{escape(coverage.ways[point].say)}</span></li>'
