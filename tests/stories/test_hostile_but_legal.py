"""hostile-but-legal: half of all answers are odd, and every one keeps the contract."""

from sandbox.app import load_api
from tests.stories.stage import Stage

OPERATIONS = load_api("aikraft").contract.operations
ABC = "/v1/systems/sys_abc123"


def fits(operation, reply):
    return OPERATIONS[operation].success.whole.validator.is_valid(reply.json)


def read(stage, count):
    """Return the answers to so many reads of one system's classification and monitoring."""
    return [(name, stage.get(f"{ABC}/{path}")) for _ in range(count) for name, path in (("getClassification", "classification"), ("getMonitoring", "monitoring"))]  # fmt: skip


def told(stage):
    """Return all texts, numbers and nulls that a hundred answers tell, and that the calm ones do not."""
    calm = {str(value) for _, reply in read(Stage(None), 1) for value in reply.data.values()}
    return [each for _, reply in read(stage, 50) for value in reply.data.values() for each in (value if isinstance(value, list) else [value]) if str(value) not in calm]  # fmt: skip


def test_every_odd_answer_keeps_the_contract():
    replies = read(Stage("hostile-but-legal"), 20)
    assert sum(reply.fault is not None for _, reply in replies) > 15
    assert all(reply.status == 200 and fits(name, reply) for name, reply in replies)


def test_some_numbers_are_as_large_as_a_client_can_read_exactly():
    assert (1 << 53) - 1 in told(Stage("hostile-but-legal"))


def test_some_fields_are_null():
    assert None in told(Stage("hostile-but-legal"))


def test_some_texts_are_of_thousands_of_characters():
    assert any(isinstance(each, str) and len(each) == 4096 for each in told(Stage("hostile-but-legal")))


def test_some_texts_are_in_a_script_that_nobody_expected():
    assert any(isinstance(each, str) and not each.isascii() for each in told(Stage("hostile-but-legal")))


def test_an_id_is_never_another_one():
    assert {reply.data["system_id"] for _, reply in read(Stage("hostile-but-legal"), 20)} == {"sys_abc123"}


def walked(stage):
    """Return the ids on each page."""
    pages, cursor = [], ""
    while cursor is not None:
        page = stage.get(f"/v1/systems?limit=4{cursor and '&cursor=' + cursor}")
        pages.append([each["id"] for each in page.data])
        cursor = page.json["meta"]["cursor"]
    return pages


def test_some_pages_are_empty_and_some_have_one_item():
    stage = Stage("hostile-but-legal")
    sizes = {len(page) for _ in range(5) for page in walked(stage)}
    assert {0, 1, 4} <= sizes


def test_who_follows_the_cursors_has_the_whole_list_in_its_order():
    stage = Stage("hostile-but-legal")
    calm = [ident for page in walked(Stage(None)) for ident in page]
    assert all([ident for page in walked(stage) for ident in page] == calm for _ in range(5))
