"""How the journal is shown. `RENEW_GOLDEN=1 pytest tests/laws/test_views.py` writes the golden files anew."""

import json
import os
from base64 import b64decode
from functools import reduce
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.clock import parse_instant
from sandbox.core.har import har, ndjson
from sandbox.core.kernel import step
from sandbox.core.keyring import identify
from sandbox.core.message import STRANGER, Caller, Request, Response, admitted
from sandbox.core.record import told
from sandbox.core.timeline import Entry, Marks, began
from sandbox.core.view import marks_of, nearest_operation, summary, whole
from sandbox.core.wording import id_of
from tests.support import ENTERPRISE, NOW, realm, request, world_of

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
CHARTER = world_of().charter
CONTRACT = CHARTER.api.contract
SECRET = "ak_live_0123456789abcdef"

TEXTS = st.text(max_size=8) | st.sampled_from([SECRET, f"a {SECRET}, b", "\ud800", "é\x00", "ak_"])
FIELDS = st.lists(
    st.tuples(st.sampled_from(["host", "content-type", "x-a", "prefer", SECRET]), TEXTS | st.just("sandbox.test:8800")), max_size=4
).map(tuple)  # fmt: skip
BODIES = st.binary(max_size=20) | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass"))
REQUESTS = st.tuples(
    st.sampled_from(["GET", "POST", "BREW", SECRET]), TEXTS.map("/".__add__), TEXTS, FIELDS, BODIES,
    st.just("local"), st.sampled_from(["http", "https"]), st.sampled_from([STRANGER, Caller("key_1"), Caller(None, "unknown", "key_1")]),
).map(lambda each: Request(*each))  # fmt: skip
RESPONSES = st.tuples(
    st.sampled_from([200, 404, 429, 599]), FIELDS.map(lambda each: (*each, ("Content-Type", "application/json"))), BODIES
).map(lambda each: Response(*each))  # fmt: skip
MARKS = st.tuples(
    st.booleans(), st.booleans(), st.lists(TEXTS, max_size=2).map(tuple), st.lists(st.tuples(TEXTS, TEXTS), max_size=2).map(tuple)
).map(lambda each: Marks(*each))  # fmt: skip
INSTANTS = st.integers(0, 253_402_300_799_000_000)
ENTRIES = st.tuples(
    st.integers(1, 9), INSTANTS, INSTANTS, st.sampled_from([None, "listSystems"]),
    REQUESTS, RESPONSES, st.sampled_from([None, "quota"]), MARKS, st.just(CHARTER),
).map(lambda each: Entry(*each))  # fmt: skip

SUMMARY = [
    "id",
    "ordinal",
    "at",
    "operation",
    "method",
    "path",
    "query",
    "status",
    "key",
    "cause",
    "fault",
    "marks",
    "preferences",
]


def bytes_of(content):
    """Return the bytes that a body with its encoding stands for."""
    return b64decode(content["body"]) if content["encoding"] == "base64" else content["body"].encode()


@given(ENTRIES)
def test_a_whole_view_is_json_and_gives_every_body_back_to_the_byte(entry):
    view = orjson.loads(orjson.dumps(whole(entry)))
    assert view == whole(entry)
    assert bytes_of(view["request"]) == entry.request.body
    assert bytes_of(view["response"]) == entry.response.body


@given(ENTRIES)
def test_a_summary_is_the_beginning_of_the_whole_and_its_times_are_exact(entry):
    short, view = summary(entry), whole(entry)
    assert list(short) == SUMMARY
    assert list(view) == [*SUMMARY, "wall", "peer", "scheme", "caller", "request", "response"]
    assert {name: view[name] for name in SUMMARY} == short
    assert parse_instant(short["at"]) == entry.at
    assert parse_instant(view["wall"]) == entry.wall
    assert short["id"] == id_of(CHARTER, entry.ordinal)
    assert short["marks"] == list(marks_of(entry))


@given(ENTRIES)
def test_no_view_shows_a_credential_outside_of_a_body(entry):
    bare = entry._replace(request=entry.request._replace(body=b""), response=entry.response._replace(body=b""))
    for text in (json.dumps(whole(bare)), json.dumps(har([bare], "1"))):
        assert SECRET not in text


@given(st.lists(ENTRIES, max_size=4))
def test_ndjson_is_one_whole_entry_a_line(entries):
    lines = ndjson(entries).splitlines(keepends=True)
    assert [orjson.loads(line) for line in lines] == [whole(each) for each in entries]
    assert all(line.endswith(b"\n") for line in lines)


def shape(data, required, optional=None):
    """Check that an object has these members of these types, perhaps some more, and otherwise only names with `_`."""
    optional = optional or {}
    assert set(required) <= set(data)
    assert all(name in required or name in optional or name.startswith("_") for name in data)
    for name, kind in {**required, **optional}.items():
        if name in data:
            assert isinstance(data[name], kind), name
            assert not isinstance(data[name], bool)


def check_named(pairs):
    for each in pairs:
        shape(each, {"name": str, "value": str})


def check_request(data):
    required = {
        "method": str, "url": str, "httpVersion": str, "cookies": list, "headers": list, "queryString": list,
        "headersSize": int, "bodySize": int,
    }  # fmt: skip
    shape(data, required, {"postData": dict})
    check_named((*data["headers"], *data["queryString"]))
    assert urlsplit(data["url"].split("?")[0].split("#")[0]).scheme in ("http", "https")
    if "postData" in data:
        shape(data["postData"], {"mimeType": str, "text": str})


def check_response(data):
    required = {
        "status": int, "statusText": str, "httpVersion": str, "cookies": list, "headers": list, "content": dict,
        "redirectURL": str, "headersSize": int, "bodySize": int,
    }  # fmt: skip
    shape(data, required)
    check_named(data["headers"])
    shape(data["content"], {"size": int, "mimeType": str}, {"text": str, "encoding": str})


@given(st.lists(ENTRIES, max_size=3))
def test_a_har_has_every_field_that_har_1_2_requires(entries):
    archive = orjson.loads(orjson.dumps(har(entries, "1.2.3")))
    shape(archive, {"log": dict})
    shape(archive["log"], {"version": str, "creator": dict, "entries": list})
    shape(archive["log"]["creator"], {"name": str, "version": str})
    assert (archive["log"]["version"], archive["log"]["creator"]["version"]) == ("1.2", "1.2.3")
    assert len(archive["log"]["entries"]) == len(entries)
    for data, entry in zip(archive["log"]["entries"], entries, strict=True):
        required = {
            "startedDateTime": str,
            "time": int,
            "request": dict,
            "response": dict,
            "cache": dict,
            "timings": dict,
        }
        shape(data, required)
        check_request(data["request"])
        check_response(data["response"])
        shape(data["timings"], {"send": int, "wait": int, "receive": int})
        assert data["time"] == sum(data["timings"].values())
        assert parse_instant(data["startedDateTime"]) == entry.wall
        assert data["startedDateTime"][19] == "."
        assert data["_sandbox"]["id"] == id_of(CHARTER, entry.ordinal)


@given(ENTRIES)
def test_a_har_holds_both_bodies_to_the_byte(entry):
    (data,) = har([entry], "1")["log"]["entries"]
    posted, content = data["request"].get("postData", {"text": ""}), data["response"]["content"]
    sent = b64decode(posted["text"]) if posted.get("_encoding") == "base64" else posted["text"].encode()
    came = b64decode(content["text"]) if content.get("encoding") == "base64" else content["text"].encode()
    assert (sent, came) == (entry.request.body, entry.response.body)
    assert (data["request"]["bodySize"], content["size"]) == (len(sent), len(came))


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        ((("host", "sandbox.test:8800"),), "https://sandbox.test:8800/v1/a?b=c"),
        ((("host", "sandbox.test"), ("x-forwarded-host", "other.test")), "https://sandbox.test/v1/a?b=c"),
        ((("host", "not a host"),), "https://localhost/v1/a?b=c"),
        ((), "https://localhost/v1/a?b=c"),
    ],
)
def test_the_url_of_a_har_is_the_one_that_was_asked_for(headers, url):
    entry = missed("GET", "/")._replace(request=Request("GET", "/v1/a", "b=c", headers, b"", scheme="https"))
    (data,) = har([entry], "1")["log"]["entries"]
    assert data["request"]["url"] == url


def missed(method, path):
    """Return the entry of a request as the kernel answers it."""
    return entries_of([request(method, path)])[0]


def entries_of(requests):
    """Return the entries that these requests leave in the journal, one a second outside."""

    def heard(timeline, one):
        at, asked = one
        _, caller = identify(realm().keyring, asked)
        wall = NOW + 1_000_000 * at + 125_000
        asked = admitted(asked, caller)
        return told(timeline, step(timeline.present, asked, wall), asked, wall)

    return list(reduce(heard, enumerate(requests), began(world_of())).journal)


@pytest.mark.parametrize(
    ("method", "path", "operation", "because"),
    [
        ("GET", "/v1/system", "listSystems", ['segment 2: expected "systems", got "system"']),
        ("GET", "/v1/Systems", "listSystems", ['segment 2: expected "systems", got "Systems" (another case)']),
        ("GET", "/v1/systems/", "listSystems", ["the path ends with a slash, expected none"]),
        ("GET", "/systems", "listSystems", ['the path does not begin with "/v1"']),
        ("POST", "/v2/systems", "createSystem", ['the path does not begin with "/v1"']),
        ("GET", "/api/v1/systems", "listSystems", ['the path does not begin with "/v1"']),
        ("DELETE", "/v1/systems", "listSystems", ["method: expected GET or POST, got DELETE"]),
        ("PATCH", "/v1/sytems", "listSystems", ['segment 2: expected "systems", got "sytems"', "method: expected GET or POST, got PATCH"]),
        ("GET", "/v1/systems/sys_abc123/clasification", "getClassification", ['segment 4: expected "classification", got "clasification"']),
        ("GET", "/v1/systems//classification", "getClassification", ["segment 3: expected a value for {id}, got nothing"]),
        ("GET", "/v1/systems/%ff/classification", "getClassification", ["segment 3: expected a value for {id}, got what is no percent-encoded UTF-8"]),
        ("GET", "/v1/systems/sys_abc123/classification/risk", "getClassification", ["the path has 5 segments, expected 4"]),
    ],
)  # fmt: skip
def test_a_request_that_met_nothing_is_told_what_it_was_perhaps_meant_for(method, path, operation, because):
    near = nearest_operation(CONTRACT, missed(method, path))
    assert near["because"] == because
    assert near["operation"] == operation
    assert near["path"] == "/v1" + CONTRACT.operations[operation].path
    assert near["method"] == CONTRACT.operations[operation].method


@pytest.mark.parametrize("path", ["/", "/v1", "/favicon.ico", "/v1/" + "a/" * 20_000, "/v1/" + "x" * 60_000, "//"])
def test_nothing_is_near_to_a_path_without_any_word_of_the_contract(path):
    assert nearest_operation(CONTRACT, missed("GET", path)) is None


def test_a_request_that_met_its_operation_has_no_nearest_one():
    assert nearest_operation(CONTRACT, missed("GET", "/v1/systems")) is None


@given(
    ENTRIES.map(lambda entry: entry._replace(operation=None)), st.sampled_from(["", "/v1", "/v1/systems", "/v1/jobs/"])
)
def test_whatever_was_asked_for_the_nearest_operation_says_why(entry, start):
    request = entry.request._replace(path=start + entry.request.path)
    near = nearest_operation(CONTRACT, entry._replace(request=request))
    assert near is None or (near["because"] and all(len(each) < 200 for each in near["because"]))
    assert SECRET not in json.dumps(near)


def golden_entries():
    """Return the entries of the golden files: a preference, a path that is not there, and a body that is no text."""
    return entries_of(
        [
            request("GET", "/v1/systems?limit=1&q=a%20b", prefer="code=429, code=500, wait=5"),
            request("GET", "/v1/system", x_team="red"),
            request("POST", "/v1/systems", b"\x00\xff\xfe{", content_type="application/octet-stream"),
        ]
    )


@pytest.mark.parametrize(
    ("name", "make"),
    [("entry.json", lambda: whole(golden_entries()[0])), ("requests.har", lambda: har(golden_entries(), "0.0.0"))],
)
def test_the_golden_files_are_made_again_byte_for_byte_and_renewed_with_RENEW_GOLDEN_1(name, make):
    made = json.dumps(make(), indent=2, ensure_ascii=False).encode() + b"\n"
    if os.environ.get("RENEW_GOLDEN") == "1":
        (GOLDEN / name).write_bytes(made)
    assert (GOLDEN / name).read_bytes() == made
    assert ENTERPRISE.encode() not in made
