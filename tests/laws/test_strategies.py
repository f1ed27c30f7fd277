"""What the strategies draw: bodies that fit or do not, and sequences that can be played and shrink."""

import os
import re
import subprocess
import sys
from collections import Counter
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis import strategies as st

from sandbox.app import contract_of
from sandbox.settings import APIS
from sandbox.testing import Sandbox, SandboxServer
from sandbox.testing.strategies import Call, Calls, Ref, as_curl, as_python, bodies, calls, play, systems, units
from sandbox.testing.strategies.links import atlas_of
from sandbox.testing.strategies.owning import own_steps
from sandbox.testing.strategies.playing import UNRESOLVED
from sandbox.testing.strategies.values import Values

WITH_BODY = [(api, each.id) for api in APIS for each in contract_of(api).operations.values() if each.body is not None]
TERMS = {"aikraft": {"plan": "enterprise"}, "ctrlai": {}}
GENERATE = settings(
    database=None, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)  # fmt: skip


def drawn(strategy, count):
    """Return what a strategy draws under a fixed seed."""
    found = []

    @seed(7)
    @settings(GENERATE, max_examples=count)
    @given(strategy)
    def note(each):
        found.append(each)

    note()
    return found


@pytest.mark.parametrize(("api", "operation"), WITH_BODY)
def test_the_contracts_validator_takes_every_valid_body_and_no_invalid_one(api, operation):
    validator = contract_of(api).operations[operation].body.part.validator
    assert all(validator.is_valid(each) for each in drawn(bodies(api, operation), 6))
    assert not any(validator.is_valid(each) for each in drawn(bodies(api, operation, valid=False), 10))


def test_a_body_is_broken_in_more_than_one_way():
    said = {
        contract_of("aikraft").operations["createDocuments"].body.part.finding(each).keyword
        for each in drawn(bodies("aikraft", "createDocuments", valid=False), 40)
    }
    assert {"required", "type", "anyOf"} <= said


def refused_as_listed(api, step):
    """Tell whether the contract's operation lists a refusal of this status, or a status that no cause stands behind."""
    operation = contract_of(api).operations[step.call.operation]
    listed = {each.status for each in operation.refusals.values()}
    return step.status in listed or (operation.id, step.status) == ("signIn", 401)


CREATED = [("aikraft", "createSystem", systems()), ("ctrlai", "createUnit", units()),
           ("ctrlai", "createDomain", bodies("ctrlai", "createDomain")), ("ctrlai", "createOrg", bodies("ctrlai", "createOrg"))]  # fmt: skip


@pytest.mark.parametrize(
    ("api", "operation", "strategy"), CREATED, ids=lambda each: each if isinstance(each, str) else ""
)
def test_the_sandbox_takes_valid_bodies_unless_a_listed_refusal_says_why(api, operation, strategy):
    answers = Counter()
    for body in drawn(strategy, 15):
        with Sandbox(api, **TERMS[api]) as sandbox:
            (step,) = play(Calls(api, (Call(operation, body=body),)), sandbox.client)
        assert step.status == 201 or refused_as_listed(api, step), step.text
        answers[step.status] += 1
    assert answers[201] >= 9


@pytest.mark.parametrize(("api", "operation"), [("aikraft", "createSystem"), ("ctrlai", "createUnit")])
def test_the_sandbox_refuses_every_invalid_body(api, operation):
    with Sandbox(api, **TERMS[api]) as sandbox:
        sequence = Calls(
            api,
            tuple(
                Call(operation, body=each)
                for each in drawn(bodies(api, operation, valid=False), 15)
                if each is not None
            ),
        )
        assert {each.status for each in play(sequence, sandbox.client)} <= {400, 422}


def test_names_clash_or_do_not_as_the_caller_wishes():
    same = [each["name"] for each in drawn(systems(names=st.just("Loan")), 5)]
    assert set(same) == {"Loan"}
    apart = [each["name"] for each in drawn(units(names=st.uuids().map(str), domain="D"), 5)]
    assert len(set(apart)) == len(apart)
    assert all(each["domainId"] == "D" for each in drawn(units(domain="D"), 5))


def test_rows_are_of_any_script_and_as_long_as_the_contract_lets_them():
    names = [each["name"] for each in drawn(systems(), 60)]
    assert any(not each.isascii() for each in names)
    assert max(map(len, names)) == 200


@pytest.mark.parametrize("api", APIS)
def test_valid_sequences_are_answered_with_success_but_for_listed_refusals(api):
    seen = Counter()
    for sequence in drawn(calls(api), 30):
        assert not any(each.wrong for each in sequence)
        with Sandbox(api, **TERMS[api]) as sandbox:
            for step in play(sequence, sandbox.client):
                success = step.status is not None and step.status < 300
                assert success or step.trouble == UNRESOLVED or refused_as_listed(api, step) or gone(sequence), step
                seen["success" if success else step.status] += 1
    assert seen["success"] >= 0.7 * seen.total(), seen


def test_calls_are_wrong_in_their_path_their_query_their_body_or_their_method():
    api, names = "aikraft", ("listSystems", "createDocuments")
    found = {each.wrong.split(" ")[0] for one in drawn(calls(api, names, valid=False), 60) for each in one}
    assert found == {"", "path", "query", "body", "method"}


def gone(sequence):
    """Tell whether the sequence takes its own organisation or key away, or signs in as somebody else."""
    return {"deleteOrg", "revokeApiKey", "removeMember", "changeMember", "signIn", "signOut"} & {
        each.operation for each in sequence
    }


@pytest.mark.parametrize("api", APIS)
def test_every_wrong_call_of_an_invalid_sequence_is_refused_and_others_stand_beside_it(api):
    seen = Counter()
    for sequence in drawn(calls(api, valid=False), 30):
        with Sandbox(api, **TERMS[api]) as sandbox:
            for step in play(sequence, sandbox.client):
                assert not step.call.wrong or step.trouble == UNRESOLVED or 400 <= step.status < 500, step
                seen[step.call.wrong.split(" ")[0]] += 1
    assert {"", "path", "body"} <= set(seen)


PAIRS = [
    (api, *pair) for api in APIS for pair in dict.fromkeys((each.source, each.target) for each in atlas_of(api).links)
]  # fmt: skip


def test_every_link_of_the_contracts_is_known():
    for api in APIS:
        declared = [
            (operation["operationId"], name)
            for path in contract_of(api).document["paths"].values() for method, operation in path.items() if method != "parameters"
            for answer in operation["responses"].values() for name in answer.get("links", {})
        ]  # fmt: skip
        assert sorted(declared) == sorted(
            (each.source, each.name) for each in atlas_of(api).links if each.name != "next page"
        )


@pytest.mark.parametrize(("api", "source", "target"), PAIRS)
def test_every_link_is_taken_by_some_sequence(api, source, target):
    taken, declared = set(), {each.name for each in atlas_of(api).links_of(source) if each.target == target}

    def all_taken(sequence):
        taken.update(each.link[1] for each in sequence if each.link[0] == source and each.operation == target)
        return taken == declared

    quick = settings(database=None, deadline=None, max_examples=500, phases=[Phase.generate])
    assert find(calls(api, dict.fromkeys((source, target)), max_calls=2), all_taken, settings=quick, random=Random(1))


def made_and_read(api, sequence):
    """Tell whether something is created in this sequence and then read by what the creation answered."""
    with Sandbox(api, **TERMS[api]) as sandbox:
        steps = play(sequence, sandbox.client)
    made = {each.number for each in steps if each.status == 201}
    return any(
        each.status == 200 and each.method == "GET" and {r.step for r in each.call.refs()} & made for each in steps
    )


@pytest.mark.parametrize(("api", "first"), [("aikraft", "createSystem"), ("ctrlai", "createUnit")])
def test_the_smallest_sequence_that_creates_and_reads_is_two_calls(api, first):
    names = {
        "aikraft": ("listSystems", first, "getMonitoring", "getClassification"),
        "ctrlai": ("listUnits", first, "getUnit", "listDomains"),
    }
    quick = settings(database=None, deadline=None, max_examples=200, phases=[Phase.generate, Phase.shrink])
    found = find(calls(api, names[api]), lambda one: made_and_read(api, one), settings=quick, random=Random(1))
    assert found[0].operation == first
    assert len(found) == 2
    assert [ref.step for ref in found[1].refs()] == [1]


@settings(GENERATE, max_examples=25)
@given(st.sampled_from(APIS).flatmap(lambda api: calls(api, valid=False)))
def test_no_reference_leads_into_nothing_and_a_sequence_cannot_be_changed(sequence):
    for step, call in enumerate(sequence, 1):
        assert all(1 <= ref.step < step for ref in call.refs())
    assert len(str(sequence).splitlines()) == len(sequence)
    assert sequence == Calls(sequence.api, tuple(sequence))


TWO = Calls("aikraft", (
    Call("createSystem", body={"name": "It's a \"Loan\" $HOME `x`", "description": "d", "purpose": "p", "domain": "Kredit ß"}),
    Call("getMonitoring", path={"id": Ref(1, "/data/id")}),
))  # fmt: skip
UNIT = Calls("ctrlai", (
    Call("listDomains", query={"limit": 1}),
    Call("createUnit", body={"name": "Ratio", "unitType": "program", "domainId": Ref(1, "/data/0/id")}),
    Call("createWorkflow", body={"name": "One", "domainId": Ref(1, "/data/0/id"), "units": [Ref(2, "/data/id")]}),
))  # fmt: skip


def test_a_sequence_reads_as_numbered_calls():
    assert str(UNIT).splitlines()[0] == "1. listDomains(limit=1)"
    assert (
        str(UNIT).splitlines()[1]
        == "2. createUnit(body={'name': 'Ratio', 'unitType': 'program', 'domainId': {1.data.0.id}})"
    )
    assert str(Call("getUnit", path={"id": "x"}, wrong="path id")) == "getUnit(id='x')  # wrong: path id"


@pytest.mark.parametrize("sequence", [TWO, UNIT], ids=["aikraft", "ctrlai"])
def test_what_is_written_down_of_a_sequence_does_the_same_when_a_person_runs_it(sequence, tmp_path):
    key = {"aikraft": "ak_test_enterprise_snippets", "ctrlai": f"ctrlai_pk_7e57{'5' * 28}"}[sequence.api]
    last = {"aikraft": r'"monitoring_active":false', "ctrlai": r'"units":\["[0-9A-Z]{26}"\]'}[sequence.api]
    with SandboxServer() as server:
        env = {**os.environ, "KEY": key}
        lines = as_curl(sequence, server.url)
        done = subprocess.run(
            ["bash", "-eu", "-c", lines], capture_output=True, text=True, env=env, check=True, timeout=60
        )
        assert re.search(last, done.stdout)
        env["KEY"] = key.replace("snippets", "snippet2").replace("5" * 28, "6" * 28)
        script = tmp_path / "snippet.py"
        script.write_text(as_python(sequence, server.url))
        done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=env, check=True, timeout=60)
        assert re.search(last, done.stdout)
    assert key not in lines + script.read_text()


def test_own_steps_are_what_was_created_and_what_is_about_it():
    contract = contract_of("ctrlai")
    assert own_steps(contract, UNIT.calls) == {2, 3}
    assert own_steps(contract, (*UNIT.calls, Call("getUnit", path={"id": Ref(2, "/data/id")}))) == {2, 3, 4}
    assert own_steps(contract, (*UNIT.calls, Call("getDomain", path={"id": Ref(1, "/data/0/id")}))) == {2, 3}


def test_an_unknown_operation_and_one_without_a_body_are_refused_by_name():
    with pytest.raises(ValueError, match="expected one of listSystems"):
        bodies("aikraft", "makeSystem")
    with pytest.raises(ValueError, match="got listSystems"):
        bodies("aikraft", "listSystems")
    with pytest.raises(ValueError, match="'makeSystem'"):
        calls("aikraft", ["makeSystem"])


def test_a_keyword_that_is_not_known_is_refused_by_name():
    with pytest.raises(ValueError, match="'uniqueItems'"):
        Values(contract_of("aikraft").document).of({"type": "array", "uniqueItems": True}, "rows")


def test_a_sequence_is_made_shorter_by_what_nothing_needs():
    longer = Calls("ctrlai", (
        Call("listDomains", query={"limit": 1}), Call("listDomains"), Call("getDomain", path={"id": Ref(2, "/data/0/id")}),
    ))  # fmt: skip
    texts = {str(each) for each in longer.shorter()}
    assert texts == {
        "1. listDomains()\n2. getDomain(id={1.data.0.id})",
        "1. listDomains(limit=1)\n2. listDomains()",
        "1. listDomains()\n2. listDomains()\n3. getDomain(id={2.data.0.id})",
        "1. listDomains(limit=1)\n2. listDomains()\n3. getDomain(id={1.data.0.id})",
    }
