"""A scenario that cannot work is refused with its file, line and path, what was expected, what came, and the remedy."""

import re
from functools import cache
from time import perf_counter

import orjson
import pytest

from sandbox.app import load_api
from sandbox.core.document import DocumentError
from sandbox.core.gathering import MOST_FLAWS, MOST_VALUES
from sandbox.core.script import Reader
from sandbox.core.staging import reader_of
from sandbox.web import files
from sandbox.web.files import FileError
from tests.spoiling import TOLD, Spoiled
from tests.steering import helm

GOOD = """\
scenario: good
api: aikraft
summary: A scenario to spoil.
seed: 7
states: [Started, Degraded, Recovered]
uses: [slow]
timeline:
  - at: 5m
    state: Recovered
  - {at: 1h, every: 2h, times: 3, state: Started}
rules:
  - name: lost
    when: {operation: createSystem, every: 3, after: 2, until: 40}
    then: {hangup: CONNECTION_RESET_BY_PEER, after: commit}
    requires: Started
    sets: Degraded
    times: 2
    ttl: 5m
  - name: failing
    when:
      method: GET
      path: /v1/systems/**
      header: {X-Team: {matches: "^a"}}
      body: {$.name: x}
      rows: {systems: {at_least: 1, at_most: 9}}
      probability: 0.3
    then: {error: {status: 500}}
    requires: Degraded
    continue: true
  - name: by-weight
    when: {operation: [listSystems, getJob], nth: [2, 4], between: [1, 9]}
    then:
      one_of:
        - {error: {status: 500}, weight: 3}
        - delay: {fixed: 2s}
  - name: in-turn
    then:
      sequence:
        - rate_limit: {exhausted: true}
        - outage: {succeedFirst: 2, failRequestCount: 3}
        - {}
    when: {every: 7}
"""


_KNOWN = "one of the faults rate_limit, error, delay, outage, hangup, commit"
SPOILED = {
    # The scenario.
    "unknown key": Spoiled("summary:", "sumary:", "sumary:", "sumary", "one of the keys scenario, api, summary", "an unknown key", "summary"),
    "key like none": Spoiled("seed: 7", "qqq: 7", "qqq:", "qqq", "one of the keys", "an unknown key"),
    "key that YAML reads as false": Spoiled("seed: 7", "no: 7", "scenario:", "the document", "keys that are texts", "the key false"),
    "missing summary": Spoiled("summary: A scenario to spoil.\n", "", "scenario:", "summary", "a value, since the field is required", "nothing"),
    "name in capitals": Spoiled("scenario: good", "scenario: Good", "scenario:", "scenario", "a name in lower case", "'Good'"),
    "name of single faults": Spoiled("scenario: good", "scenario: fault", "scenario:", "scenario", "another name than fault", "fault"),
    "other API": Spoiled("api: aikraft", "api: aikraf", "api:", "api", "aikraft", "'aikraf'", "aikraft"),
    "summary that YAML reads as false": Spoiled("summary: A scenario to spoil.", "summary: no", "summary:", "summary", "a text that is not blank", "false"),
    "seed that is a fraction": Spoiled("seed: 7", "seed: 7.5", "seed:", "seed", "an integer from -9007199254740991", "7.5"),
    "seed that no JSON holds": Spoiled("seed: 7", "seed: 99999999999999999999", "seed:", "seed", "an integer of at most 9007199254740991", "99999999999999999999"),
    "octal": Spoiled("seed: 7", "seed: 0o17", "seed:", "seed", "an integer", "'0o17'"),
    "octal of long ago": Spoiled("times: 2\n", "times: 010\n", "times: 010", "rules[0].times", "an integer from 1 to 1000000", "'010'"),
    "number to base sixty": Spoiled("seed: 7", "seed: 1:30", "seed:", "seed", "an integer", "'1:30'"),
    "description, as elsewhere": Spoiled("summary:", "description:", "description:", "description", "summary", "the key 'description'"),
    # States.
    "no states": Spoiled("[Started, Degraded, Recovered]", "[]", "states:", "states", "a list of 1 or more", "a list of 0"),
    "state twice": Spoiled("[Started, Degraded, Recovered]", "[Started, Degraded, Recovered, Started]", "states:", "states[3]", "each state once", "'Started'"),
    "state that YAML reads as true": Spoiled("[Started, Degraded, Recovered]", "[Started, Degraded, Recovered, on]", "states:", "states[3]", "a text that is not blank", "true"),
    "required state that nobody declares": Spoiled("requires: Degraded", "requires: Degradd", "Degradd", "rules[1].requires", "one of the states Started, Degraded, Recovered", "'Degradd'", "Degraded"),
    "set state that nobody declares": Spoiled("sets: Degraded", "sets: Broken", "sets:", "rules[0].sets", "one of the states", "'Broken'"),
    "state of an event that nobody declares": Spoiled("state: Recovered", "state: Recoverd", "Recoverd", "timeline[0].state", "one of the states", "'Recoverd'", "Recovered"),
    "state that nobody sets": Spoiled("    sets: Degraded\n", "", "requires: Degraded", "rules[1].requires", "a state that the scenario begins in, or that a rule or an event sets: Recovered, Started", "'Degraded'"),
    "state that only leads to itself": Spoiled("requires: Started", "requires: Degraded", "requires: Degraded\n    sets", "rules[0].requires", "a state that the scenario begins in", "'Degraded'"),
    "both names of a thing": Spoiled("requires: Started", "requires: Started\n    requiredScenarioState: Started", "requiredScenarioState", "rules[0].requiredScenarioState", "one of requires and requiredScenarioState, which are the same", "both"),
    "state elsewhere": Spoiled("sets: Degraded", "transitionsState: {a: b}", "transitionsState", "rules[0].transitionsState", "requires and sets, each one state", "the key 'transitionsState'"),
    # Uses.
    "use of nothing": Spoiled("uses: [slow]", "uses: [slo]", "uses:", "uses[0]", "the name of another scenario that the sandbox comes with", "'slo'", "slow"),
    "use of itself": Spoiled("scenario: good", "scenario: slow", "uses:", "uses[0]", "the name of another scenario", "'slow'"),
    "use of a thing twice": Spoiled("uses: [slow]", "uses: [slow, flaky, slow]", "uses:", "uses[2]", "each scenario once", "'slow'"),
    "use of one that begins elsewhere": Spoiled("states: [Started, Degraded, Recovered]", "states: [Calm, Started, Degraded, Recovered]", "uses:", "uses[0]", "a scenario that begins in Calm, as this one does", "one that begins in Started"),
    # Events.
    "event without a time": Spoiled("  - at: 5m\n    state", "  - state", "- state", "timeline[0].at", "a value, since the field is required", "nothing"),
    "event before the beginning": Spoiled("at: 5m", "at: -5m", "at: -5m", "timeline[0].at", "a duration of up to 100 years such as 2d, or a time", "'-5m'"),
    "event after ages": Spoiled("at: 5m", "at: 99999w", "at: 99999w", "timeline[0].at", "a duration of up to 100 years", "'99999w'"),
    "time without an offset": Spoiled("at: 5m", "at: 2026-04-13T14:30:00", "at: 2026", "timeline[0].at", "a time such as 2026-04-13T14:30:00Z", "'2026-04-13T14:30:00'"),
    "time that is a number": Spoiled("at: 5m", "at: 5", "at: 5\n", "timeline[0].at", "a duration", "5"),
    "unknown event": Spoiled("    state: Recovered", "    stat: Recovered", "stat:", "timeline[0].stat", "one of the keys at, every, times, state, drift", "an unknown key", "state"),
    "event that is nothing": Spoiled("\n    state: Recovered", "", "at: 5m", "timeline[0]", "one of drift, resolve, incident", "none of them"),
    "two events in one": Spoiled("    state: Recovered", "    resolve: {system: sys_abc123}\n    incident: {system: sys_abc123}", "incident:", "timeline[0].incident", "one of the keys", "a second event"),
    "repeated without an end": Spoiled("every: 2h, times: 3,", "every: 2h,", "every: 2h", "timeline[1]", "every and times together, or neither", "one of them"),
    "repeated all the time": Spoiled("every: 2h,", "every: 0s,", "every: 0s", "timeline[1].every", "a duration above 0", "'0s'"),
    "repeated for ages": Spoiled("every: 2h,", "every: 20000d,", "every: 20000d", "timeline[1].times", "within 100 years", "3"),
    "event that is a list": Spoiled("  - {at: 1h, every: 2h, times: 3, state: Started}", "  - [1h]", "- [1h]", "timeline[1]", "a mapping", "a list of 1"),
    # Rules.
    "unknown key of a rule": Spoiled("requires: Started", "require: Started", "require:", "rules[0].require", "one of the keys name, when, then, requires, sets, times, ttl, continue", "an unknown key", "requires"),
    "rule without then": Spoiled("    then: {error: {status: 500}}\n", "", "name: failing", "rules[1].then", "a value, since the field is required", "nothing"),
    "name twice": Spoiled("name: failing", "name: lost", "name: lost\n    when:\n", "rules[1].name", "another name than that of rules[0]", "'lost'"),
    "name with a sharp": Spoiled("name: failing", "name: 'a#b'", "a#b", "rules[1].name", "a name in lower case", "'a#b'"),
    "no times": Spoiled("times: 2\n", "times: 0\n", "times: 0", "rules[0].times", "an integer from 1 to 1000000", "0"),
    "times that is true": Spoiled("times: 2\n", "times: true\n", "times: true", "rules[0].times", "an integer", "true"),
    "no time to live": Spoiled("ttl: 5m", "ttl: 0s", "ttl:", "rules[0].ttl", "a duration above 0", "'0s'"),
    "time to live for ages": Spoiled("ttl: 5m", "ttl: 99999w", "ttl:", "rules[0].ttl", "a duration such as 250ms", "'99999w'"),
    "time to live of MockServer with a unit like none": Spoiled("ttl: 5m", "timeToLive: {timeUnit: NANOSECONDS, timeToLive: 5}", "timeToLive:", "rules[0].timeToLive", "a timeUnit out of DAYS, HOURS", "a mapping of 2"),
    "continue that is a word": Spoiled("continue: true", "continue: 'yes'", "continue:", "rules[1].continue", "true or false", "'yes'"),
    "priority, as elsewhere": Spoiled("times: 2\n", "priority: 2\n", "priority:", "rules[0].priority", "no priority: rules are asked in the order in which they stand", "the key 'priority'"),
    "probability beside when": Spoiled("times: 2\n", "probability: 0.5\n", "probability: 0.5", "rules[0].probability", "when: {probability: …}", "the key 'probability'"),
    "fault beside then": Spoiled("times: 2\n", "delay: 2s\n", "delay: 2s", "rules[0].delay", "then: {delay: …}", "the key 'delay'"),
    "rule that is never asked": Spoiled("    when: {every: 7}\n", "    when: {every: 7}\n  - name: a\n    then: {delay: 2s}\n  - name: never\n    then: {delay: 3s}\n", "name: never", "rules[5]", "a rule above rules[4], which strikes every such request and has no continue: true", "one that is never asked"),
    "rule that several before it leave nothing": Spoiled("  - name: lost\n", "  - {name: a, when: {operation: [createSystem, getJob]}, then: {error: {status: 500}}}\n  - name: lost\n", "name: lost", "rules[1]", "a rule above rules[0]", "one that is never asked"),
    # When.
    "unknown condition": Spoiled("every: 3,", "evry: 3,", "evry", "rules[0].when.evry", "one of the conditions operation, method, path", "an unknown one", "every"),
    "when that is a text": Spoiled("when: {operation: createSystem, every: 3, after: 2, until: 40}", "when: createSystem", "when: createSystem", "rules[0].when", "a mapping", "'createSystem'"),
    "unknown operation": Spoiled("operation: createSystem", "operation: createSystm", "createSystm", "rules[0].when.operation", "one of listSystems, createSystem", "'createSystm'", "createSystem"),
    "unknown operation among others": Spoiled("[listSystems, getJob]", "[listSystems, getJobs]", "getJobs", "rules[2].when.operation[1]", "one of listSystems", "'getJobs'", "getJob"),
    "operation that is null": Spoiled("operation: createSystem", "operation: null", "operation: null", "rules[0].when.operation", "one of the conditions", "null", "operation"),
    "method in lower case": Spoiled("method: GET", "method: get", "method:", "rules[1].when.method", "one of GET, HEAD, POST", "'get'", "GET"),
    "one method of several in lower case": Spoiled("method: GET", "method: [GET, post]", "method:", "rules[1].when.method[1]", "one of GET, HEAD, POST", "'post'", "POST"),
    "no method at all": Spoiled("method: GET", "method: []", "method:", "rules[1].when.method", "one of GET, HEAD, POST", "a list of 0"),
    "methods of another operation": Spoiled("{operation: createSystem, every: 3,", "{operation: createSystem, method: [GET, PUT], every: 3,", "method: [GET", "rules[0].when.method", "the method of the rule's operation, POST", "'GET' and 'PUT'"),
    "method of another operation": Spoiled("{operation: createSystem, every: 3,", "{operation: createSystem, method: GET, every: 3,", "method: GET, every", "rules[0].when.method", "the method of the rule's operation, POST", "'GET'"),
    "path of nothing": Spoiled("path: /v1/systems/**", "path: /systems/**", "path:", "rules[1].when.path", "a path below /v1, such as /v1/**", "'/systems/**'"),
    "pattern that is none": Spoiled('matches: "^a"', 'matches: "("', "matches:", "rules[1].when.header.X-Team.matches", "a pattern in RE2's syntax", "'('"),
    "operator like none": Spoiled('matches: "^a"', 'equalTo: "a"', "equalTo", "rules[1].when.header.X-Team.equalTo", "one of the operators equals, contains", "an unknown operator", "equals"),
    "JSONPath that is none": Spoiled("$.name: x", "'$[': x", "$[", "rules[1].when.body.$[", "a JSONPath (RFC 9535)", "'$['"),
    "url, as elsewhere": Spoiled("path: /v1/systems/**", "urlPathPattern: /v1/.*", "urlPathPattern", "rules[1].when.urlPathPattern", "path, in which * stands for one segment", "the key 'urlPathPattern'"),
    "percentage, as elsewhere": Spoiled("probability: 0.3", "percentage: 30", "percentage", "rules[1].when.percentage", "probability, from 0 to 1", "the key 'percentage'"),
    "probability above 1": Spoiled("probability: 0.3", "probability: 30", "probability:", "rules[1].when.probability", "a number from 0 to 1", "30"),
    "probability that is no number": Spoiled("probability: 0.3", "probability: .nan", "probability:", "rules[1].when.probability", "a number that is finite", "nan"),
    "unknown table": Spoiled("systems: {at_least", "system: {at_least", "rows:", "rules[1].when.rows.system", "one of the tables systems, jobs", "an unknown one", "systems"),
    "more rows at least than at most": Spoiled("at_least: 1, at_most: 9", "at_least: 10, at_most: 9", "rows:", "rules[1].when.rows.systems.at_most", "at_least, 10, or more", "9"),
    "rows of no number": Spoiled("{at_least: 1, at_most: 9}", "{}", "rows:", "rules[1].when.rows.systems", "at_least, at_most or both", "neither"),
    "call number zero": Spoiled("nth: [2, 4]", "nth: [0, 4]", "nth:", "rules[2].when.nth[0]", "the number of a call, from 1 to 1,000,000,000", "0"),
    "no call at all": Spoiled("nth: [2, 4]", "nth: []", "nth:", "rules[2].when.nth", "1 to 100 numbers of calls", "a list of 0"),
    "call beyond the last": Spoiled("nth: [2, 4]", "nth: [2, 14]", "nth:", "rules[2].when.nth", "calls that every, after, until and between let through", "14"),
    "until below after": Spoiled("after: 2, until: 40", "after: 40, until: 2", "until: 2", "rules[0].when.every", "conditions that let some call through", "the first after 40 is 42, and the last is 2"),
    "between backwards": Spoiled("between: [1, 9]", "between: [9, 1]", "between:", "rules[2].when.between", "the numbers of a first and a last call, such as [3, 7]", "a list of 2"),
    "every zeroth": Spoiled("every: 7", "every: 0", "every: 0", "rules[3].when.every", "the number of a call", "0"),
    # Then.
    "unknown fault": Spoiled("{error: {status: 500}}\n    requires", "{eror: {status: 500}}\n    requires", "eror:", "rules[1].then.eror", _KNOWN, "an unknown one", "error"),
    "then of nothing": Spoiled("{error: {status: 500}}\n    requires", "{}\n    requires", "then: {}", "rules[1].then", _KNOWN, "none"),
    "unknown figure": Spoiled("{error: {status: 500}}\n    requires", "{error: {satus: 500}}\n    requires", "satus:", "rules[1].then.error.satus", "one of the keys status, message, illegal", "an unknown key", "status"),
    "figures that are a list": Spoiled("rate_limit: {exhausted: true}", "rate_limit: [1]", "rate_limit:", "rules[3].then.sequence[0].rate_limit", "the figures of rate_limit, a mapping", "a list of 1"),
    "undeclared status": Spoiled("{error: {status: 500}}\n    requires", "{error: {status: 418}}\n    requires", "status: 418", "rules[1].then.error.status", "a status that every operation of the rule declares", "418, which listSystems does not"),
    "status that a write has and a read has not": Spoiled("{error: {status: 500}, weight: 3}", "{error: {status: 409}, weight: 3}", "409", "rules[2].then.one_of[0].error.status", "or illegal: true", "409, which listSystems does not"),
    "code of an error": Spoiled("{error: {status: 500}}\n    requires", "{error: {code: x}}\n    requires", "code:", "rules[1].then.error.code", "status: the contract says which code goes with it", "the key 'code'"),
    "status of another tool": Spoiled("{error: {status: 500}}\n    requires", "{status: 500}\n    requires", "{status: 500}", "rules[1].then.status", "an error with a status, such as error: {status: 500}", "the key 'status'"),
    "unknown break": Spoiled("hangup: CONNECTION_RESET_BY_PEER", "hangup: CONNECTION_RESET", "hangup:", "rules[0].then.hangup", "one of CONNECTION_RESET_BY_PEER", "'CONNECTION_RESET'", "CONNECTION_RESET_BY_PEER"),
    "pieces of what is not cut": Spoiled("hangup: CONNECTION_RESET_BY_PEER, after: commit", "hangup: {break: EMPTY_RESPONSE, pieces: 3}", "pieces:", "rules[0].then.hangup.pieces", "it with DRIBBLE only", "EMPTY_RESPONSE"),
    "weight of nothing": Spoiled("weight: 3", "weight: 0", "weight:", "rules[2].then.one_of[0].weight", "a number above 0", "0"),
    "sequence and more": Spoiled("      sequence:\n", "      delay: 2s\n      sequence:\n", "then:\n      delay", "rules[3].then", "sequence alone", "delay, sequence"),
    "choice of nothing": Spoiled("\n        - {error: {status: 500}, weight: 3}\n        - delay: {fixed: 2s}", " []", "one_of:", "rules[2].then.one_of", "a list of 1 to 100 mappings of faults", "a list of 0"),
    "delay of ages": Spoiled("{fixed: 2s}", "{fixed: 2h}", "{fixed: 2h}", "rules[2].then.one_of[1].delay.fixed", "a delay of at most 10 minutes", "a longer one"),
    "delay of two kinds": Spoiled("{fixed: 2s}", "{fixed: 2s, uniform: {lower: 1s, upper: 2s}}", "uniform:", "rules[2].then.one_of[1].delay", "one of fixed, uniform, lognormal", "fixed, uniform"),
    "delay of no unit": Spoiled("{fixed: 2s}", "{fixed: 2}", "fixed: 2}", "rules[2].then.one_of[1].delay.fixed", "a duration such as 250ms, 2s", "2"),
    "delay of WireMock with a unit": Spoiled("delay: {fixed: 2s}", "fixedDelayMilliseconds: 2s", "fixedDelay", "rules[2].then.one_of[1].fixedDelayMilliseconds", "milliseconds as a whole number", "'2s'"),
    "two delays": Spoiled("delay: {fixed: 2s}", "delay: {fixed: 2s}\n          fixedDelayMilliseconds: 3", "fixedDelay", "rules[2].then.one_of[1].fixedDelayMilliseconds", "one of delay and fixedDelayMilliseconds, which are the same", "both"),
    "outage by count and by the clock": Spoiled("failRequestCount: 3", "failRequestCount: 3, outageDuration: 5m", "outage:", "rules[3].then.sequence[1].outage", "either failRequestCount or outageDuration", "both"),
    "outage by count after a while": Spoiled("failRequestCount: 3", "failRequestCount: 3, outageAfterMillis: 5", "outageAfterMillis", "rules[3].then.sequence[1].outage.outageAfterMillis", "none beside failRequestCount", "one"),
    "toxic": Spoiled("rate_limit: {exhausted: true}", "latency: {ms: 3}", "latency:", "rules[3].then.sequence[0].latency", "delay: {fixed: 500ms}", "the key 'latency'"),
    "quota that is not exhausted": Spoiled("{exhausted: true}", "{exhausted: false}", "exhausted:", "rules[3].then.sequence[0].rate_limit.exhausted", "true, or a limit, a burst or a retry_after", "false"),
    "commit of a read": Spoiled("{error: {status: 500}}\n    requires", "{commit: twice}\n    requires", "commit:", "rules[1].then.commit", "a rule on an operation that writes", "listSystems"),
}  # fmt: skip


@cache
def reader():
    return reader_of(load_api("aikraft"))


def refusal(tmp_path, text):
    path = tmp_path / "spoiled.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(FileError) as caught:
        files.checked(path, reader().scenario)
    return path, str(caught.value)


def spoil(spoiled):
    assert GOOD.count(spoiled.old) == 1, spoiled.old
    return GOOD.replace(spoiled.old, spoiled.new)


def parsed(text):
    return files.parse(files.Path("text.yaml"), text.encode())


def line_of(text, piece):
    """Return the number of the line on which the piece begins."""
    return text[: text.index(piece)].count("\n") + 1


def test_the_good_scenario_is_good(tmp_path):
    path = tmp_path / "good.yaml"
    path.write_text(GOOD)
    scenario, digest = files.checked(path, reader().scenario)
    assert [each.name for each in scenario.rules[:4]] == ["good#lost", "good#failing", "good#by-weight", "good#in-turn"]
    assert len(scenario.timeline) == 2
    assert len(digest) == 64


@pytest.mark.parametrize("spoiled", SPOILED.values(), ids=SPOILED)
def test_a_flaw_is_told_with_place_expectation_and_finding(tmp_path, spoiled):
    text = spoil(spoiled)
    path, message = refusal(tmp_path, text)
    lines = [re.fullmatch(TOLD, line) for line in message.splitlines()]
    assert None not in lines, message
    assert all(line[1] == str(path) for line in lines)
    told = next((line for line in lines if line[3] == spoiled.path), None)
    assert told, message
    assert spoiled.expected in told[4], message
    assert spoiled.got in told[5], message
    assert told[6] == spoiled.nearest, message
    assert int(told[2]) == line_of(text, spoiled.line), message


@cache
def playing():
    """Return a helm whose world plays a scenario that has gone some way, beside a single fault."""
    at = helm().steered("PUT", "/scenarios/active", {"scenario": parsed(GOOD)})
    at = at.steered("POST", "/faults", {"when": {"every": 2}, "then": {"delay": {"fixed": "1s"}}, "continue": True})
    for _ in range(5):
        at, _ = at.ask("GET", "/v1/systems")
    return at


@pytest.mark.parametrize("spoiled", SPOILED.values(), ids=SPOILED)
def test_a_refused_scenario_leaves_the_world_and_the_one_that_plays_as_they_were(spoiled):
    before = playing()
    document = parsed(spoil(spoiled))
    if spoiled.path == "the document":
        document = {str(name): each for name, each in document.items()}
    after, response = before.steer("PUT", "/scenarios/active", {"scenario": document})
    assert after.world is before.world
    told = orjson.loads(response.body)
    if response.status == 422 and "flaws" in told:
        assert spoiled.path in [each["path"] for each in told["flaws"]] or spoiled.path == "the document"
    else:
        assert response.status in (400, 422), told  # what the control plane's own contract says of the body comes first


def test_a_scenario_that_is_used_uses_no_other():
    used = {"chain": {"scenario": "chain", "api": "aikraft", "summary": "One.", "uses": ["slow"]}}
    chained = Reader(reader().api, reader().kinds, reader().events, used.get)
    with pytest.raises(DocumentError) as caught:
        chained.scenario(parsed(GOOD.replace("uses: [slow]", "uses: [chain]")))
    assert str(caught.value) == "uses[0]: expected a scenario that uses no other, got 'chain'"


def test_every_flaw_of_a_file_is_told_at_once(tmp_path):
    text = (
        GOOD.replace("createSystem", "createSystm")
        .replace("status: 500}}", "status: 418}}")
        .replace("at: 5m", "at: soon")
    )
    text = (
        text.replace("sets: Degraded", "sets: Degraded\n    nope: 1")
        .replace("weight: 3", "weight: no")
        .replace("seed: 7", "seed: x")
    )
    _, message = refusal(tmp_path, text)
    paths = [re.fullmatch(TOLD, line)[3] for line in message.splitlines()]
    assert paths == [
        "seed", "timeline[0].at", "rules[0].when.operation", "rules[0].nope", "rules[1].then.error.status",
        "rules[2].then.one_of[0].weight",
    ]  # fmt: skip


BROKEN = {
    "empty": (b"", 1, "a mapping, got nothing"),
    "a list": (b"- scenario: good\n", 1, "a mapping, got a list of 1"),
    "key twice": (GOOD.replace("seed: 7", "api: aikraft").encode(), 4, "the key 'api' again, which stands on line 2 already"),
    "key twice in a rule": (GOOD.replace("times: 2\n", "sets: Started\n").encode(), 17, "the key 'sets' again"),
    "tag": (GOOD.replace("seed: 7", "seed: !!python/name:os.system").encode(), 4, "the tag"),
    "alias of itself": (GOOD.replace("- {}", "- &a {error: *a}").encode(), 41, "an alias for what it stands in"),
    "merge of a text": (GOOD.replace("seed: 7", "<<: x").encode(), 4, "expected a mapping"),
    "tab": (GOOD.replace("    requires: Started", "\trequires: Started").encode(), 15, "indent with spaces, not tabs"),
    "not UTF-8": (GOOD.replace("summary: A", "summary: \udcff").encode("utf-8", "surrogateescape"), 3, "text in UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "line", "words"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_document_is_told_with_its_line(tmp_path, content, line, words):
    path, message = refusal(tmp_path, content)
    assert message.startswith(f"{path}:{line}: "), message
    assert words in message


def bombs():
    base = {"scenario": "bomb", "api": "aikraft", "summary": "Large."}
    rule = {"then": {"error": {"status": 500}}}
    deep = {}
    for _ in range(200):
        deep = {"a": deep}
    yield "rules", {**base, "rules": [rule] * 1000}, "rules"
    yield "many flaws", {**base, "rules": [{f"k{n}": n for n in range(150)}] * 100}, "rules[0].k0"
    yield "values", {**base, "rules": [{"then": {"sequence": [{}] * 500}}] * 60}, "the document"
    yield "keys", {**base, **{f"k{n}": n for n in range(100_000)}}, "the document"
    yield "depth", {**base, "rules": [{"when": {"body": deep}, "then": {"error": {"status": 500}}}]}, None
    yield "text", {**base, "summary": "x" * 10_000_000}, "summary"
    yield "word", {**base, "rules": [{"when": {"operation": "listSystem" * 1500}, **rule}]}, "rules[0].when.operation"
    yield "calls", {**base, "rules": [{"when": {"nth": list(range(1, 5000))}, **rule}]}, "rules[0].when.nth"
    yield (
        "events",
        {**base, "timeline": [{"at": "1s", "every": "1s", "times": 1000, "state": "Started"}] * 100},
        "timeline",
    )
    yield "patterns", {**base, "rules": [{"when": {"header": {"a": {"matches": "(a{500}){500}"}}}, **rule}] * 200}, None
    yield "uses", {**base, "uses": ["slow"] * 1000}, "uses"


@pytest.mark.parametrize(("document", "path"), [pytest.param(*rest, id=name) for name, *rest in bombs()])
def test_whatever_is_too_large_is_refused_soon(document, path):
    started = perf_counter()
    with pytest.raises(DocumentError) as caught:
        reader().scenario(document)
    assert perf_counter() - started < 3
    assert len(caught.value.flaws) <= MOST_FLAWS
    assert path is None or path in [str(each).partition(": expected")[0] for each in caught.value.flaws]


def test_a_document_has_a_bounded_number_of_values():
    listed = [{"at": "1s", "state": "Started"}] * MOST_VALUES
    with pytest.raises(DocumentError, match="at most 20,000 values"):
        reader().scenario({"scenario": "a", "timeline": listed})
