"""How Ctrl AI refuses: its envelope and codes, and the issue of a field in the words of zod."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.apis.ctrlai.dialect import CODES, DIALECT, error, quota_headers, received
from sandbox.apis.ctrlai.times import iso_millis, read_date
from sandbox.apis.ctrlai.ulid import PATTERN
from sandbox.core.clock import DAY, LATEST
from sandbox.core.problem import Problem
from sandbox.core.quota import Reading
from sandbox.core.shape import Schemas
from tests.support import NOW


def detailed(schema, value):
    """Return the details that a body of this value is refused with."""
    finding = Schemas({}).part("body", schema).finding(value)
    problem = Problem(400, "contract", str(finding), field=finding.field, issue=finding.expected, finding=finding)
    body = error(problem, "req_1")["error"]
    assert (body["code"], body["message"]) == ("VALIDATION_ERROR", "Invalid input")
    return body["details"]


def issue(schema, value):
    """Return the issue of one field."""
    whole = {"type": "object", "properties": {"it": schema}}
    told = detailed(whole, {"it": value})
    assert told["field"] == "it"
    return told["issue"]


@pytest.mark.parametrize(
    ("schema", "value", "said"),
    [
        ({"type": "string"}, 7, "Expected string, received number"),
        ({"type": "string"}, None, "Expected string, received null"),
        ({"type": ["string", "null"]}, True, "Expected string, received boolean"),
        ({"type": "integer"}, "7", "Expected number, received string"),
        ({"type": "integer"}, 1.5, "Expected integer, received float"),
        ({"type": "number"}, [], "Expected number, received array"),
        ({"type": "boolean"}, {}, "Expected boolean, received object"),
        ({"type": ["string", "number"]}, None, "Invalid input"),
        ({"enum": ["a", "b"]}, "c", "Invalid enum value. Expected 'a' | 'b', received 'c'"),
        ({"enum": ["a", "b", None]}, "c", "Invalid enum value. Expected 'a' | 'b', received 'c'"),
        ({"enum": ["a", "b"]}, 3, "Expected 'a' | 'b', received number"),
        ({"const": "a"}, "b", 'Invalid literal value, expected "a"'),
        ({"type": "integer", "maximum": 200}, 201, "Number must be less than or equal to 200"),
        ({"type": "integer", "minimum": 1}, 0, "Number must be greater than or equal to 1"),
        ({"exclusiveMinimum": 0}, 0, "Number must be greater than 0"),
        ({"exclusiveMaximum": 0.5}, 1, "Number must be less than 0.5"),
        ({"type": "string", "minLength": 1}, "", "String must contain at least 1 character(s)"),
        ({"type": "string", "minLength": 3}, "ab", "String must contain at least 3 character(s)"),
        ({"type": "string", "pattern": r"\S"}, " \t", "String must contain at least 1 character(s)"),
        ({"type": "string", "maxLength": 2}, "abc", "String must contain at most 2 character(s)"),
        ({"type": "string", "pattern": f"^{PATTERN.pattern}$"}, "abc", "Invalid ulid"),
        ({"type": "string", "pattern": "^a$"}, "b", "Invalid"),
        ({"type": "string", "format": "email"}, "b", "Invalid email"),
        ({"type": "string", "pattern": "^[^@]+@[^@]+$"}, "b", "Invalid email"),
        ({"type": "string", "format": "date-time"}, "b", "Invalid datetime"),
        ({"type": "array", "minItems": 1}, [], "Array must contain at least 1 element(s)"),
        ({"type": "array", "maxItems": 1}, [1, 2], "Array must contain at most 1 element(s)"),
        (
            {"properties": {"c": {}}, "additionalProperties": False},
            {"a": 1, "b": 2},
            "Unrecognized key(s) in object: 'a', 'b'",
        ),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 7, "Expected string, received number"),
        ({"anyOf": [{"type": "string"}, {"type": "number"}]}, [], "Invalid input"),
        ({"type": "array", "uniqueItems": True}, [1, 1], "Invalid input"),
    ],
)
def test_an_issue_is_worded_as_zod_words_it(schema, value, said):
    assert issue(schema, value) == said


def test_a_field_that_is_missing_is_required():
    schema = {"type": "object", "required": ["query"]}
    assert detailed(schema, {}) == {"field": "query", "issue": "Required"}


def test_a_field_within_is_named_by_its_path_in_dots():
    item = {"type": "object", "required": ["action"]}
    schema = {"type": "object", "properties": {"reviews": {"type": "array", "items": item}}}
    assert detailed(schema, {"reviews": [{"action": "x"}, {}]}) == {"field": "reviews.1.action", "issue": "Required"}


def test_a_body_that_is_wrong_as_a_whole_is_named_body():
    told = detailed({"type": "object"}, [])
    assert told == {"field": "body", "issue": "Expected object, received array"}
    assert detailed({"type": "array", "items": {"type": "string"}}, [1])["field"] == "0"


@pytest.mark.parametrize(
    ("cause", "issue"),
    [("body-missing", "Required"), ("body-unparsable", "Invalid JSON"), ("body-not-json", "Expected application/json")],
)
def test_a_body_that_cannot_be_read_has_details_too(cause, issue):
    told = error(Problem(400, cause, "A sentence."), "req_1")["error"]
    assert told == {
        "code": "VALIDATION_ERROR",
        "message": "Invalid input",
        "details": {"field": "body", "issue": issue},
    }


def test_a_handler_names_field_and_issue_itself():
    problem = Problem(400, "domain-unknown", "No such domain.", field="domainId", issue="Unknown domain")
    assert error(problem, "")["error"]["details"] == {"field": "domainId", "issue": "Unknown domain"}
    problem = Problem(400, "domain-unknown", "No such domain.", field="domainId")
    assert error(problem, "")["error"]["details"] == {"field": "domainId", "issue": "No such domain."}


@given(st.integers(400, 599), st.text(min_size=1))
def test_details_stand_beside_a_validation_error_alone_and_always(status, message):
    told = error(Problem(status, "fault", message), "req_1")["error"]
    assert told["code"] in CODES.values()
    assert ("details" in told) == (told["code"] == "VALIDATION_ERROR")
    assert set(told) <= {"code", "message", "details"}


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))  # fmt: skip
def test_every_json_value_has_a_type_in_javascript(value):
    assert received(value) in {"null", "boolean", "number", "string", "array", "object"}


@given(st.integers(400, 499).filter(lambda each: each not in CODES))
def test_a_status_beside_the_table_has_the_code_of_its_class(status):
    assert error(Problem(status, "fault", "Odd."), "")["error"]["code"] == "VALIDATION_ERROR"


def test_quota_is_told_in_two_headers_and_no_reset():
    assert quota_headers(Reading(60, 59, NOW, 1, False)) == (
        ("X-RateLimit-Limit", "60"),
        ("X-RateLimit-Remaining", "59"),
    )
    assert (DIALECT.body_status, DIALECT.query_status) == (400, 400)


@given(st.integers(0, LATEST))
def test_an_instant_is_read_as_it_was_written_to_the_millisecond(instant):
    text = iso_millis(instant)
    assert read_date(text) == instant // 1000 * 1000
    assert read_date(text, end=True) == instant // 1000 * 1000 + 999


@given(st.integers(0, LATEST))
def test_a_bare_date_is_the_whole_day(instant):
    day = iso_millis(instant)[:10]
    first, last = read_date(day), read_date(day, end=True)
    assert first <= instant <= last
    assert last - first == DAY - 1


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-04-13T16:30:00+02:00", NOW),
        ("2026-04-13T14:30", NOW),
        ("2026-04-13T14:30:00", NOW),
        ("2026-04-13T14:30:00.000999Z", NOW),
    ],
)
def test_a_time_may_have_an_offset_or_none(text, same):
    assert read_date(text) == same


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-02-30", "2026-13-01", "20260413", "2026-W16-1", "2026-04-13 14:30:00Z", "13.04.2026", "1776090600",
     "0001-01-01", "2026-04-13T25:00:00Z", "2026-04-13T14:30:00+99:00", "-2026-04-13", "2026-04-13T", "２０２６-04-13"],
)  # fmt: skip
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError, match=r"expected|must be|out of range|Invalid|offset"):
        read_date(text)
