"""broken-contract: every third answer breaks one keyword, every fifth of the others is broken as bytes."""

from sandbox.app import load_api
from tests.stories.stage import Stage, system

OPERATIONS = load_api("aikraft").contract.operations
SCHEMA, BYTES = "broken-contract#schema", "broken-contract#bytes"


def replies(count=60):
    stage = Stage("broken-contract")
    return [stage.get("/v1/systems/sys_abc123/monitoring") for _ in range(count)]


def keywords(reply):
    """Return the keywords of the contract that the answer breaks."""
    return [each.kind.name for each in OPERATIONS["getMonitoring"].success.whole.validator.iter_errors(reply.json)]


def test_every_third_answer_breaks_exactly_one_keyword():
    struck = [each for each in replies() if each.fault == SCHEMA]
    assert len(struck) == 20
    assert [len(keywords(each)) for each in struck] == [1] * 20


def test_in_time_every_way_to_break_it_comes():
    broken = {word for each in replies() if each.fault == SCHEMA for word in keywords(each)}
    assert broken == {"type", "required", "enum", "additionalProperties"}


def test_every_fifth_of_the_others_is_broken_as_bytes():
    struck = [each for each in replies() if each.fault == BYTES]
    assert len(struck) == 8
    assert all(
        each.json is None or each.broken or each.headers["content-type"] != "application/json" for each in struck
    )


def test_the_bytes_are_cut_mislabelled_or_fewer_than_promised():
    struck = [each for each in replies(200) if each.fault == BYTES]
    assert any(each.json is None and each.broken is None for each in struck)
    assert any(each.headers["content-type"] == "text/html" for each in struck)
    assert any(each.broken == "TRUNCATED_BODY" for each in struck)


def test_an_answer_that_was_not_struck_is_sound():
    assert all(keywords(each) == [] for each in replies() if each.fault is None)


def test_a_write_whose_answer_cannot_be_read_has_happened():
    stage = Stage("broken-contract")
    answers = [stage.post("/v1/systems", system(f"Model {number}")) for number in range(6)]
    assert [each.fault for each in answers].count(SCHEMA) == 2
    assert all(stage.post("/v1/systems", system(f"Model {number}")).status == 409 for number in range(6))
