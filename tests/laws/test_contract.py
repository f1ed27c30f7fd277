"""A contract that the sandbox would not obey stops the start, with a message that names the culprit."""

import copy
from dataclasses import replace

import pytest

from sandbox.apis.aikraft import product
from sandbox.core.api import assembled
from sandbox.core.compiling import compile_contract
from sandbox.core.contract import ContractError
from sandbox.settings import APIS
from sandbox.web import files
from tests.support import realm

DOCUMENT = files.read(files.shipped("openapi") / "aikraft.yaml")[0]
LIST = DOCUMENT["paths"]["/systems"]["get"]


def spoiled(change):
    document = copy.deepcopy(DOCUMENT)
    change(document)
    return compile_contract(document, "aikraft", "/v1", "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda d: d["paths"]["/systems"]["get"].update({"x-mood": "good"}),
            "paths//systems/get: unknown extension 'x-mood'",
        ),
        (
            lambda d: d["components"]["schemas"]["System"]["properties"]["id"].update({"x-faker": 1}),
            "unknown extension 'x-faker'",
        ),
        (lambda d: d["paths"]["/systems"]["get"].pop("operationId"), "GET /systems: operationId missing or used twice"),
        (
            lambda d: d["paths"]["/systems"]["get"].update(operationId="createSystem"),
            "operationId missing or used twice",
        ),
        (lambda d: d["paths"]["/systems"]["get"].pop("x-provenance"), "listSystems: x-provenance"),
        (lambda d: d["paths"]["/systems"]["get"].update({"x-provenance": "rumoured"}), "listSystems: x-provenance"),
        (
            lambda d: d["paths"]["/systems"]["get"]["responses"].pop("200"),
            "listSystems: expected one success response, got 0",
        ),
        (lambda d: d["paths"]["/systems"].update(servers=[]), "'servers' is not supported"),
        (
            lambda d: d["paths"]["/systems"]["get"]["parameters"].append(
                {"name": "x", "in": "header", "schema": {"type": "string"}}
            ),
            "parameter x in header of type string is not supported",
        ),
        (
            lambda d: d["paths"]["/systems"]["get"]["parameters"].append(
                {"name": "x", "in": "query", "schema": {"type": "array"}}
            ),
            "parameter x in query of type array is not supported",
        ),
        (
            lambda d: d["paths"].update(
                {"/new/{thing}": {"get": {**LIST, "operationId": "getThing", "parameters": []}}}
            ),
            "getThing: path parameters without a declaration: thing",
        ),
        (
            lambda d: d["paths"].update(
                {"/new/a-{thing}": {"get": {**LIST, "operationId": "getThing", "parameters": []}}}
            ),
            "getThing",
        ),
        (
            lambda d: d["paths"]["/systems"]["post"]["requestBody"]["content"].update({"text/plain": {}}),
            "createSystem: a body has to be application/json",
        ),
    ],
)
def test_what_would_not_be_obeyed_is_refused_by_name(change, words):
    with pytest.raises(ContractError) as refused:
        spoiled(change)
    assert words in str(refused.value)


def decided(**changes):
    """Return what spoils the first decision of the document."""

    def change(document):
        document["x-decisions"][0].update(changes)

    return change


def undecided(name):
    return lambda document: document["x-decisions"][0].pop(name)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update({"x-decisions": {"id": "one"}}), "x-decisions: expected a list, got "),
        (lambda d: d["x-decisions"].insert(0, "one"), "x-decisions/0: expected an object, got 'one'"),
        (undecided("id"), "x-decisions/0/id: expected a text, got nothing"),
        (undecided("behaviour"), "x-decisions/0/behaviour: expected a text, got nothing"),
        (undecided("because"), "x-decisions/0/because: expected a text, got nothing"),
        (undecided("provenance"), "x-decisions/0/provenance: expected a text, got nothing"),
        (decided(because="  "), "x-decisions/0/because: expected a text, got '  '"),
        (decided(id="Order of checks"), "x-decisions/0/id: expected words in lower case with hyphens, got 'Order"),
        (decided(provenance="rumoured"), "x-decisions/0/provenance: expected one of documented, inferred, invented"),
        (decided(reason="so"), "x-decisions/0: expected one of because, behaviour, id, provenance, when, got 'reason'"),
        (
            lambda d: d["x-decisions"].append(d["x-decisions"][1]),
            "expected an id of its own, got 'unknown-path' again",
        ),
        (decided(when={}), "x-decisions/0/when: expected an object that says something, got '{}'"),
        (decided(when={"status": 404}), "x-decisions/0/when/status: expected a list that says something, got '404'"),
        (decided(when={"cause": []}), "x-decisions/0/when/cause: expected a list that says something"),
        (decided(when={"mood": ["good"]}), "x-decisions/0/when: expected one of cause, header, operation, status, "),
        (decided(when={"operation": ["list"]}), "x-decisions/0/when/operation: expected one of createClassification, "),
        (decided(when={"status": [418]}), "x-decisions/0/when/status: expected one of 200, "),
        (decided(when={"cause": ["moon"]}), "got 'moon'"),
        (decided(when={"unknown": ["body"]}), "x-decisions/0/when/unknown: expected one of field, parameter, got "),
        (decided(when={"operation": ["listSystems"], "status": [409]}), "x-decisions/0/when/status: "),
        (decided(when={"operation": ["listSystems"], "cause": ["name-taken"]}), "x-decisions/0/when/cause: "),
    ],
)
def test_a_decision_that_says_too_little_or_what_is_not_there_is_refused_by_name(change, words):
    with pytest.raises(ContractError) as refused:
        spoiled(change)
    assert str(refused.value).startswith("aikraft: ")
    assert words in str(refused.value)


def test_a_decision_may_be_shown_by_a_status_that_meets_no_operation():
    shown = {"status": [404, 405], "header": ["Idempotency-Key"]}
    found = spoiled(decided(when=shown)).decisions[0].when
    assert (found.statuses, found.headers) == ({404, 405}, {"idempotency-key"})


def test_a_contract_without_decisions_has_none():
    assert spoiled(lambda d: d.pop("x-decisions")).decisions == ()


def test_an_operation_without_a_handler_stops_the_start():
    document = copy.deepcopy(DOCUMENT)
    document["paths"]["/systems"]["patch"] = {**LIST, "operationId": "patchSystems"}
    with pytest.raises(ContractError, match="operations without a handler: patchSystems"):
        product.product(compile_contract(document, "aikraft", "/v1", ""))


def test_a_handler_without_an_operation_stops_the_start():
    api = realm().keyring.api
    with pytest.raises(ContractError, match="handlers without an operation: listMoods"):
        assembled(replace(api, handlers={**api.handlers, "listMoods": api.handlers["listSystems"]}))


def test_every_operation_and_response_says_where_it_comes_from():
    def resolved(node):
        while "$ref" in node:
            target = DOCUMENT
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node

    for item in DOCUMENT["paths"].values():
        for operation in (each for method, each in item.items() if method in ("get", "post")):
            marked = [operation, *map(resolved, operation["responses"].values())]
            assert all(
                each["x-provenance"] in ("documented", "inferred", "invented") and each["x-source"] for each in marked
            )


def test_the_contract_speaks_of_no_private_document():
    text = (files.shipped("openapi") / "aikraft.yaml").read_text()
    assert "apis.md" not in text


@pytest.mark.parametrize("name", [*APIS, "admin"])
def test_a_contract_reads_the_same_with_all_guards_and_without(name):
    path = files.shipped("openapi") / f"{name}.yaml"
    data, digest, _ = files.read(path)
    assert files.own(path) == (data, digest)
