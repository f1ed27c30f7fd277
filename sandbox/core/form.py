"""How a scenario, a rule and a timed event are written: their keys, and what other tools call them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.core.clock import parse_duration, parse_instant
from sandbox.core.document import FARTHEST, Document, duration, got, load, many, mapping, parsed, text, truth, whole
from sandbox.core.gathering import flawed
from sandbox.core.kind import FaultKind
from sandbox.core.scenario import STARTED
from sandbox.core.synonym import MILLIS, TIME_TO_LIVE, Alias, Words, millis, time_to_live
from sandbox.core.when import WHEN

MOST_RULES = 200
MOST_PATHS = 1_000
MOST_EVENTS = 200
MOST_COMINGS = 2_000
"""How often all events of a scenario together may come."""
MOST_MOVES = 500
"""How often metrics may begin to move: each time may leave an alert, through which every later one has to look."""
MOST_LOOKS = 5_000
"""How often events that move metrics may come, times these metrics: each coming brings all that moves up to date."""
_NAME = r"[a-z0-9][a-z0-9-]{0,60}"
SCENARIO_WORDS = Words(
    {"scenarioName": Alias("scenario", "WireMock"), "possibleStates": Alias("states", "WireMock")},
    {
        "description": "summary",
        "name": "scenario",
        "mappings": "rules: each with when and then",
        "expectations": "rules: each with when and then",
    },
)
RULE_WORDS = Words(
    {
        "requiredScenarioState": Alias("requires", "WireMock"),
        "newScenarioState": Alias("sets", "WireMock"),
        "remainingTimes": Alias("times", "MockServer"),
        "timeToLive": Alias("ttl", "MockServer", time_to_live, TIME_TO_LIVE),
        "ttlMillis": Alias("ttl", "MockServer", millis, MILLIS),
    },
    {
        "priority": "no priority: rules are asked in the order in which they stand, so move the rule up or down",
        "scenarioName": "none: a scenario is a file, whose rules share one state",
        **dict.fromkeys(("request", "httpRequest", "match"), "when, such as {operation: listSystems}"),
        **dict.fromkeys(("response", "httpResponse"), "then, such as {error: {status: 500}}"),
        "fault": "then: {hangup: CONNECTION_RESET_BY_PEER}",
        **dict.fromkeys(("percentage", "toxicity"), "when: {probability: 0.3}"),
        **dict.fromkeys(("requiresState", "transitionsState", "removesState"), "requires and sets, each one state"),
        "repeat": "times for how often it strikes, or a sequence whose last step goes on",
        **{name: f"when: {{{name}: …}}" for name in WHEN},
    },
)  # fmt: skip
"""What other tools call the keys of a rule."""


class ScenarioSchema(Document):
    """A scenario."""

    scenario = text(_NAME, expected="a name in lower case", required=True)
    api = text(required=True)
    summary = text(longest=500, required=True)
    seed = whole(-(1 << 53) + 1, (1 << 53) - 1, load_default=None, allow_none=True)
    states = many(text(longest=60), least=1, most=50, load_default=lambda: [STARTED])
    uses = many(text(longest=60), most=20, load_default=list)
    timeline = many(mapping(), most=MOST_EVENTS, load_default=list)
    rules = many(mapping(), most=MOST_RULES, load_default=list)


def _read_moment(text: str) -> tuple[int, bool]:
    """Return a span after the scenario began, or an instant, and whether it is one."""
    try:
        span = parse_duration(text)
    except ValueError:
        return parse_instant(text), True
    if not 0 <= span <= FARTHEST:
        raise ValueError(text)
    return span, False


class EventSchema(Document):
    """When a timed event comes, and the state that it sets; what else it does has a key of its own."""

    at = parsed(
        _read_moment,
        "a duration of up to 100 years such as 2d, or a time such as 2026-04-13T14:30:00Z",
        required=True,
        metadata={"form": "moment"},
    )
    every = duration(load_default=None, allow_none=True)
    times = whole(1, 1_000, load_default=None, allow_none=True)
    state = text(longest=60, load_default=None, allow_none=True)


class RuleSchema(Document):
    """A rule."""

    name = text(_NAME, expected="a name in lower case", load_default=None, allow_none=True)
    when = mapping(load_default=dict)
    then = mapping(required=True)
    requires = text(longest=60, load_default=None, allow_none=True)
    sets = text(longest=60, load_default=None, allow_none=True)
    times = whole(1, 1_000_000, load_default=None, allow_none=True)
    ttl = duration(load_default=None, allow_none=True)
    goes_on = truth(load_default=False, data_key="continue")


def read_own(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a rule says beside `when` and `then`."""
    times = fields.get("times")
    if isinstance(times, Mapping):
        if set(times) != {"remainingTimes"}:
            raise flawed(("times",), "how often it strikes, or {remainingTimes: 2}", got(times))
        fields = {**fields, "times": times["remainingTimes"]}
    read = load(RuleSchema, fields)
    if read["ttl"] == 0:
        raise flawed(("ttl",), "a duration above 0", got(fields["ttl"]))
    return read


def read_time(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return when an event comes, and the state that it sets."""
    read = load(EventSchema, fields)
    if read["every"] == 0:
        raise flawed(("every",), "a duration above 0", got(fields["every"]))
    if (read["every"] is None) != (read["times"] is None):
        raise flawed((), "every and times together, or neither", "one of them")
    if (read["every"] or 0) * (read["times"] or 0) > FARTHEST:
        raise flawed(("times",), "an event whose last coming is within 100 years", got(fields["times"]))
    return read


def rule_words(kinds: Iterable[FaultKind]) -> Words:
    """Return other words for the keys of a rule; a fault that stands beside `then` is one of them."""
    beside = {each.name: f"then: {{{each.name}: …}}" for each in kinds}
    return Words(RULE_WORDS.aliases, {**beside, **RULE_WORDS.remedies})
