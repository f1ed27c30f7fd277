"""The normal form of what is compared: equal under other ids and times, and the same from either side."""

import json
import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from sandbox.app import contract_of
from sandbox.diff.comparing import Divergence, compare
from sandbox.diff.contract import sentence
from sandbox.diff.normal import faces
from sandbox.settings import APIS
from sandbox.testing import Sandbox
from sandbox.testing.strategies import Call, Calls, Ref, calls, play
from sandbox.testing.strategies.playing import ABSENT

TERMS = {"aikraft": {"plan": "enterprise"}, "ctrlai": {}}
QUIET = settings(database=None, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
IDS = {"aikraft": r"(?<=\b(?:sys|job|req)_)[a-z0-9]{6,8}\b", "ctrlai": r"\b01[0-9A-HJKMNP-TV-Z]{24}\b"}


def played(sequence):
    with Sandbox(sequence.api, **TERMS[sequence.api]) as sandbox:
        return play(sequence, sandbox.client)


def renamed(api, step):
    """Return the step with every id spelled otherwise, by a bijection of its letters, and every time a day later."""
    if step.json is ABSENT:
        return step
    turned = str.maketrans("0123456789", "1234567890")
    text = re.sub(IDS[api], lambda found: found[0][:2] + found[0][2:].translate(turned), json.dumps(step.json))
    text = re.sub(r"\b(20[0-9]{2})(-(?!02-29)[0-9]{2}-[0-9]{2}T)", lambda found: f"{int(found[1]) + 4}{found[2]}", text)
    return replace(step, json=json.loads(text))


SEQUENCES = st.sampled_from(APIS).flatmap(lambda api: calls(api, valid=False, max_calls=4))


@seed(3)
@settings(QUIET, max_examples=30)
@given(SEQUENCES, st.booleans())
def test_a_transcript_parts_neither_from_itself_nor_from_itself_under_other_ids_and_times(sequence, same_data):
    steps = played(sequence)
    mine = faces(sequence, steps, same_data=same_data)
    assert list(compare(sequence, mine, mine, same_data=same_data)) == []
    other = faces(sequence, [renamed(sequence.api, each) for each in steps], same_data=same_data)
    # Years differ in their length, so only what is no time has to be the same over more than one of them.
    told = [each for each in compare(sequence, mine, other, same_data=same_data) if "s from the first" not in each.ours]
    assert told == []


def spoilt(step, field):
    """Return the step with a field of its answer taken away, wherever it stands."""
    if step.json is ABSENT:
        return step
    return replace(
        step,
        json=json.loads(json.dumps(step.json), object_hook=lambda each: {k: v for k, v in each.items() if k != field}),
    )


@seed(4)
@settings(QUIET, max_examples=25)
@given(SEQUENCES, st.sampled_from(["id", "code", "meta", "name", "total"]), st.booleans())
def test_what_parts_is_the_same_from_either_side(sequence, field, same_data):
    steps = played(sequence)
    mine = faces(sequence, steps, same_data=same_data)
    other = faces(sequence, [spoilt(each, field) for each in steps], same_data=same_data)
    there = set(compare(sequence, mine, other, same_data=same_data))
    back = {
        each._replace(ours=each.theirs, theirs=each.ours)
        for each in compare(sequence, other, mine, same_data=same_data)
    }
    assert there == back


CREATED = Calls("ctrlai", (
    Call("listDomains", query={"limit": 1}),
    Call("createUnit", body={"name": "Ratio", "unitType": "program", "domainId": Ref(1, "/data/0/id"), "given": "A debt"}),
    Call("getUnit", path={"id": Ref(2, "/data/id")}),
    Call("listUnits", query={"limit": 2, "unitType": "program"}),
))  # fmt: skip


def parted(sequence, change, *, same_data=False):
    """Return operation, place and the other side's mark of what parts when a step's JSON is changed."""
    steps = played(sequence)
    mine = faces(sequence, steps, same_data=same_data)
    other = faces(
        sequence,
        [replace(each, json=change(each, json.loads(json.dumps(each.json)))) for each in steps],
        same_data=same_data,
    )
    return [(each.operation, each.place, each.theirs) for each in compare(sequence, mine, other, same_data=same_data)]


def test_a_null_where_it_may_be_counts_in_what_was_created_and_not_in_what_was_there():
    def change(step, told):
        if step.call.operation in ("getUnit", "createUnit"):
            told["data"]["given"] = None
        if step.call.operation == "listUnits":
            for row in told["data"]:
                row["when"] = None
        return told

    found = {each[:2] for each in parted(CREATED, change)}
    assert found == {
        (name, place) for name in ("createUnit", "getUnit") for place in ("/data/given", "/data/given as written")
    }
    assert ("listUnits", "/data/*/when") in {each[:2] for each in parted(CREATED, change, same_data=True)}


def test_a_word_of_an_enum_counts_in_what_was_created():
    def change(step, told):
        if step.call.operation == "getUnit":
            told["data"]["status"] = "in_review"
            told["data"]["verificationScore"] = 0
        return told

    assert ("getUnit", "/data/status", "'in_review'") in parted(CREATED, change)


def test_the_contracts_own_words_for_a_place_are_found_with_their_provenance():
    operation = contract_of("aikraft").operations["listSystems"]
    said = sentence(contract_of("aikraft"), operation, 200, "/data/*/risk_tier")
    assert said[:2] == ("documented", "Null until the system is classified.")
    assert sentence(contract_of("aikraft"), operation, 200, "header X-RateLimit-Remaining").source.startswith(
        "API reference, Rate Limits"
    )
    assert sentence(contract_of("aikraft"), operation, 200, "filter risk_tier").words == "Only systems of this tier."
    assert sentence(contract_of("aikraft"), operation, 200, "page size").words.startswith("Rows per page.")
    assert sentence(contract_of("aikraft"), operation, 405, "header Allow").mark == "invented"


@pytest.mark.parametrize(("label", "key"), [("missing", "missing in theirs"), ("a text", "other")])
def test_divergences_are_grouped_by_how_they_part(label, key):
    assert Divergence(1, "getUnit", "/data/id", "what the contract has there", label).key == (
        "getUnit",
        "/data/id",
        key,
    )
