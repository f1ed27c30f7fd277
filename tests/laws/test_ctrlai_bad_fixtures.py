"""A wrong Ctrl AI fixture is refused with its file, line and path, what was expected, what came, the nearest word."""

import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.apis.ctrlai.fixture import read_fixture, workspace_of
from sandbox.core.clock import LATEST, SECOND
from sandbox.core.document import DocumentError
from sandbox.web import files
from sandbox.web.files import FileError
from tests.spoiling import TOLD, Spoiled, places_in

GOOD = """\
fixture: good
api: ctrlai
summary: A fixture to spoil.
users:
  - {id: 01HXVSER00000000000000ANNA, name: Anna Berg, email: anna@acme.example}
  - {id: 01HXVSER00000000000000RENE, name: Rene Fabre, email: rene@acme.example}
  - {id: 01HXVSER00000000000000VERA, name: Vera Novak, email: vera@acme.example}
  - {id: 01HXVSER0000000000000GRETA, name: Greta Sand, email: greta@globex.example}
keys:
  - {key: ctrlai_pk_00000000000000000000000000000001, id: 01HXKEY0000000000000000001}
  - {key: ctrlai_pk_00000000000000000000000000000002, id: 01HXKEY0000000000000000002}
organizations:
  - id: 01HX0RG000000000000000ACME
    slug: acme
    name: Acme Bank
    created: -400d
    members:
      - {id: 01HXMEMBER000000000000ANNA, user: anna@acme.example, role: admin, joined: -400d}
      - {id: 01HXMEMBER000000000000RENE, user: rene@acme.example, role: reviewer, joined: -300d}
      - {id: 01HXMEMBER000000000000VERA, user: vera@acme.example, role: viewer, joined: -200d}
    apiKeys:
      - {id: 01HXKEY0000000000000000001, name: One, user: anna@acme.example, role: author, created: -90d, expires: 30d}
      - {id: 01HXKEY0000000000000000002, name: Two, user: vera@acme.example, role: viewer, created: -80d, revoked: -70d}
    domains:
      - id: 01HXD0MA1N0000000000CRED1T
        slug: credit-risk
        name: Credit Risk
        created: -390d
        members: [{user: rene@acme.example, added: -250d}]
    units:
      - id: 01HXVN1T0000000000000000AA
        name: Debt-to-Income Ratio
        unitType: program
        domain: credit-risk
        given: Debt and income.
        inputSchema: {monthlyDebt: number, monthlyIncome: number}
        outputSchema: {dti: number}
        definition: {program: {dti: {/: [{var: monthlyDebt}, {var: monthlyIncome}]}}}
        author: anna@acme.example
        created: -99d
        edited: [-98d]
        status: verified
        assigned: {to: [rene@acme.example], at: -97d}
        reviews:
          - {by: rene@acme.example, action: approve, at: -96d, elements: {given: approve}}
          - {by: anna@acme.example, action: approve, at: -95d}
      - id: 01HXVN1T0000000000000000BB
        name: Affordability
        unitType: framework
        domain: credit-risk
        inputSchema: {dti: number}
        definition: {factors: [{name: Debt, weight: 1, score: {var: dti}}]}
        author: anna@acme.example
        created: -60d
    workflows:
      - id: 01HXW0RKF10W000000000000AA
        slug: credit-decision
        name: Credit Decision
        domain: credit-risk
        units: [01HXVN1T0000000000000000AA, 01HXVN1T0000000000000000BB]
        status: active
        author: anna@acme.example
        created: -50d
        past: [{until: -40d, status: draft}]
    audit:
      - {action: unit.deleted, user: anna@acme.example, resourceType: unit, resourceId: 01HXVN1T0000000000000000CC, at: -20d}
  - id: 01HX0RG0000000000000G10BEX
    slug: globex
    name: Globex Insurance
    created: -260d
    members: [{id: 01HXMEMBER00000000000GRETA, user: greta@globex.example, role: admin, joined: -260d}]
"""
ORG, OTHER = "organizations[0]", "organizations[1]"
UNIT, FRAMEWORK, FLOW = f"{ORG}.units[0]", f"{ORG}.units[1]", f"{ORG}.workflows[0]"
NO_ID = "a ULID such as 01HX3V0N7Q8B5T2M4K6R9WXYZA"
MEMBER = "the e-mail address of a member"
TIME = "a time that has passed when a world is born"

SPOILED = {
    # Keys of the document.
    "unknown key": Spoiled("summary:", "sumary:", "sumary:", "sumary", "one of the keys", "an unknown key", "summary"),
    "unknown key below": Spoiled("        given: Debt", "        givn: Debt", "givn:", f"{UNIT}.givn", "one of the keys id, name", "an unknown key", "given"),
    "missing field": Spoiled("    slug: globex\n", "", "id: 01HX0RG0000000000000G10BEX", f"{OTHER}.slug", "a value, since the field is required", "nothing"),
    "other API": Spoiled("api: ctrlai", "api: ctrlia", "api:", "api", "one of ctrlai", "'ctrlia'", "ctrlai"),
    "no members": Spoiled("members: [{id: 01HXMEMBER00000000000GRETA, user: greta@globex.example, role: admin, joined: -260d}]", "members: []", "members: []", f"{OTHER}.members", "a list of 1 or more", "a list of 0"),
    # Values.
    "id with letters that none has": Spoiled("id: 01HXVN1T0000000000000000BB", "id: 01HXUNIT0000000000000000BB", "01HXUNIT", f"{FRAMEWORK}.id", NO_ID, "'01HXUNIT0000000000000000BB'"),
    "id that is too short": Spoiled("id: 01HXVN1T0000000000000000BB", "id: 01HXVN1T", "id: 01HXVN1T\n", f"{FRAMEWORK}.id", NO_ID, "'01HXVN1T'"),
    "e-mail in upper case": Spoiled("name: Vera Novak, email: vera@acme", "name: Vera Novak, email: Vera@acme", "Vera@acme", "users[2].email", "an e-mail address in lower case", "'Vera@acme.example'"),
    "e-mail without a host": Spoiled("name: Vera Novak, email: vera@acme.example", "name: Vera Novak, email: vera", "email: vera}", "users[2].email", "an e-mail address in lower case", "'vera'"),
    "slug in upper case": Spoiled("slug: globex", "slug: Globex", "slug: Globex", f"{OTHER}.slug", "a slug such as credit-risk", "'Globex'"),
    "blank name": Spoiled("name: Affordability", "name: ' '", "name: ' '", f"{FRAMEWORK}.name", "a text that is not blank", "' '"),
    "key in upper case": Spoiled("key: ctrlai_pk_00000000000000000000000000000002", "key: ctrlai_pk_0000000000000000000000000000000F", "00F,", "keys[1].key", "ctrlai_pk_ and 32 hexadecimal digits in lower case", "a text of 42 characters"),
    "unknown role": Spoiled("role: reviewer,", "role: reviwer,", "reviwer", f"{ORG}.members[1].role", "one of viewer, reviewer, author, admin", "'reviwer'", "reviewer"),
    "unknown type": Spoiled("unitType: framework", "unitType: frame", "unitType: frame\n", f"{FRAMEWORK}.unitType", "one of program, framework", "'frame'", "framework"),
    "unknown status": Spoiled("status: verified", "status: verifid", "verifid", f"{UNIT}.status", "one of candidate, in_review", "'verifid'", "verified"),
    "unknown permission": Spoiled("role: author, created", "role: author, permissions: [inferences], created", "name: One", f"{ORG}.apiKeys[0].permissions[0]", "one of inference", "'inferences'", "inference"),
    "unknown action": Spoiled("{by: anna@acme.example, action: approve", "{by: anna@acme.example, action: aprove", "aprove", f"{UNIT}.reviews[1].action", "one of approve, request_changes", "'aprove'", "approve"),
    "key of JSON that is no text": Spoiled("inputSchema: {dti: number}", "inputSchema: {7: number}", "{7:", f"{FRAMEWORK}.inputSchema", "a mapping that JSON can hold", "a mapping of 1"),
    "infinity in JSON": Spoiled("weight: 1,", "weight: .inf,", "weight: .inf", f"{FRAMEWORK}.definition", "a mapping that JSON can hold", "a mapping of 1"),
    "schema of an unknown type": Spoiled("outputSchema: {dti: number}", "outputSchema: {dti: float}", "dti: float", f"{UNIT}.outputSchema", "typed variables", "dti: expected one of the types number, integer, string, boolean"),
    "program with an unknown operator": Spoiled("{dti: {/: [", "{dti: {div: [", "definition: {program", f"{UNIT}.definition", "a definition that can be read", "div"),
    "factor that is no expression": Spoiled("score: {var: dti}", "score: {vra: dti}", "factors", f"{FRAMEWORK}.definition", "a definition that can be read", "vra"),
    # Twice.
    "user twice": Spoiled("id: 01HXVSER00000000000000VERA", "id: 01HXVSER00000000000000RENE", "name: Vera", "users[2].id", "another id than that of users[1]", "'01HXVSER00000000000000RENE'"),
    "e-mail twice": Spoiled("email: greta@globex.example", "email: anna@acme.example", "name: Greta", "users[3].email", "another email than that of users[0]", "'anna@acme.example'"),
    "organization twice": Spoiled("slug: globex", "slug: acme", "slug: acme\n    name: Globex", f"{OTHER}.slug", "another slug than that of organizations[0]", "'acme'"),
    "member twice": Spoiled("user: vera@acme.example, role: viewer, joined", "user: rene@acme.example, role: viewer, joined", "id: 01HXMEMBER000000000000VERA", f"{ORG}.members[2].user", "another user than that of organizations[0].members[1]", "'rene@acme.example'"),
    "unit twice": Spoiled("id: 01HXVN1T0000000000000000BB", "id: 01HXVN1T0000000000000000AA", "id: 01HXVN1T0000000000000000AA\n        name: Afford", f"{FRAMEWORK}.id", "another id than that of organizations[0].units[0]", "'01HXVN1T0000000000000000AA'"),
    "key twice": Spoiled("ctrlai_pk_00000000000000000000000000000002", "ctrlai_pk_00000000000000000000000000000001", "{key: ctrlai_pk_00000000000000000000000000000001, id: 01HXKEY0000000000000000002", "keys[1].key", "another key than that of keys[0]", "the same again"),
    # What names nothing.
    "key of no row": Spoiled("2, id: 01HXKEY0000000000000000002}\norg", "2, id: 01HXKEY0000000000000000003}\norg", "0003}", "keys[1].id", "the id of an API key", "'01HXKEY0000000000000000003'", "01HXKEY0000000000000000002"),
    "key with another beginning": Spoiled("ctrlai_pk_00000000000000000000000000000002", "ctrlai_pk_10000000000000000000000000000002", "ctrlai_pk_1", "keys[1].key", "a key that begins with ctrlai_pk_00000000", "another beginning"),
    "member who is no user": Spoiled("user: greta@globex.example", "user: greto@globex.example", "greto", f"{OTHER}.members[0].user", "the e-mail address of a user", "'greto@globex.example'", "greta@globex.example"),
    "author of another organization": Spoiled("author: anna@acme.example\n        created: -60d", "author: greta@globex.example\n        created: -60d", "author: greta", f"{FRAMEWORK}.author", MEMBER, "'greta@globex.example'", "vera@acme.example"),
    "key of a stranger": Spoiled("name: Two, user: vera@acme.example", "name: Two, user: veraa@acme.example", "veraa", f"{ORG}.apiKeys[1].user", MEMBER, "'veraa@acme.example'", "vera@acme.example"),
    "unit of an unknown domain": Spoiled("domain: credit-risk\n        given", "domain: credit\n        given", "domain: credit\n", f"{UNIT}.domain", "the slug of a domain", "'credit'", "credit-risk"),
    "workflow of an unknown unit": Spoiled(", 01HXVN1T0000000000000000BB]", ", 01HXVN1T0000000000000000DD]", "units: [0", f"{FLOW}.units[1]", "the id of a unit of this organization", "'01HXVN1T0000000000000000DD'", "01HXVN1T0000000000000000BB"),
    "workflow whose types clash": Spoiled("inputSchema: {dti: number}", "inputSchema: {dti: string}", "units: [0", f"{FLOW}.units[1]", "units in which dti is a number throughout", "a string"),
    "workflow with a reserved slug": Spoiled("slug: credit-decision", "slug: compose", "slug: compose", f"{FLOW}.slug", "a slug that is not reserved", "'compose'"),
    "element that the unit lacks": Spoiled("elements: {given: approve}", "elements: {gven: approve}", "gven", f"{UNIT}.reviews[0].elements.gven", "one of the unit's elements", "'gven'", "given"),
    # What cannot be.
    "status that the reviews do not give": Spoiled("status: verified", "status: in_review", "status: in_review", f"{UNIT}.status", "verified, as the reviews say", "'in_review'"),
    "verified by one": Spoiled("          - {by: rene@acme.example, action: approve, at: -96d, elements: {given: approve}}\n", "", "status: verified", f"{UNIT}.status", "in_review, as the reviews say", "'verified'"),
    "verified against a reviewer": Spoiled("{by: anna@acme.example, action: approve", "{by: anna@acme.example, action: request_changes", "status: verified", f"{UNIT}.status", "needs_review, as the reviews say", "'verified'"),
    "viewer who reviews": Spoiled("{by: rene@acme.example", "{by: vera@acme.example", "by: vera", f"{UNIT}.reviews[0].by", "a member with the role reviewer or a higher one", "'viewer'"),
    "viewer who is to review": Spoiled("to: [rene@acme.example]", "to: [vera@acme.example]", "assigned:", f"{UNIT}.assigned.to[0]", "a member with the role reviewer or a higher one", "'viewer'"),
    "organization without an admin": Spoiled("user: greta@globex.example, role: admin", "user: greta@globex.example, role: author", "members: [{id", f"{OTHER}.members", "an admin among them", "none"),
    "key that may do more than its user": Spoiled("name: Two, user: vera@acme.example, role: viewer", "name: Two, user: vera@acme.example, role: author", "name: Two", f"{ORG}.apiKeys[1].role", "viewer or a lower role, as its user has", "'author'"),
    # Times.
    "bad time": Spoiled("created: -60d", "created: yesterday", "yesterday", f"{FRAMEWORK}.created", "a time such as 2026-04-13T14:30:00Z, or an offset", "'yesterday'"),
    "unit from before its author came": Spoiled("created: -60d", "created: -401d", "created: -401d", f"{FRAMEWORK}.created", "no time before created, -400d", "'-401d'"),
    "review from before the edit": Spoiled("at: -96d", "at: -98d1h", "at: -98d1h", f"{UNIT}.reviews[0].at", "no time before the time before, -97d", "'-98d1h'"),
    "key that expired unborn": Spoiled("expires: 30d", "expires: -91d", "expires: -91d", f"{ORG}.apiKeys[0].expires", "no time before created, -90d", "'-91d'"),
    "unit to come": Spoiled("created: -60d", "created: 1d", "created: 1d", f"{FRAMEWORK}.created", TIME, "'1d'"),
    "member from before the organization": Spoiled("role: reviewer, joined: -300d", "role: reviewer, joined: -401d", "joined: -401d", f"{ORG}.members[1].joined", "no time before created, -400d", "'-401d'"),
}  # fmt: skip


def refusal(tmp_path, content):
    path = tmp_path / "spoiled.yaml"
    path.write_text(content)
    with pytest.raises(FileError) as caught:
        files.checked(path, read_fixture)
    return path, str(caught.value)


def line_of(text, piece):
    """Return the number of the line on which the piece begins."""
    return text[: text.index(piece)].count("\n") + 1


def test_the_good_fixture_is_good(tmp_path):
    path = tmp_path / "good.yaml"
    path.write_text(GOOD)
    fixture, digest = files.checked(path, read_fixture)
    assert (fixture["fixture"], len(digest)) == ("good", 64)


@pytest.mark.parametrize("spoiled", SPOILED.values(), ids=SPOILED)
def test_a_flaw_is_told_with_place_expectation_and_finding(tmp_path, spoiled):
    assert GOOD.count(spoiled.old) == 1
    text = GOOD.replace(spoiled.old, spoiled.new)
    path, message = refusal(tmp_path, text)
    lines = [re.fullmatch(TOLD, line) for line in message.splitlines()]
    assert None not in lines, message
    assert all(line[1] == str(path) for line in lines)
    told = next((line for line in lines if line[3] == spoiled.path), None)
    assert told is not None, message
    assert told[6] == spoiled.nearest, message
    assert spoiled.expected in told[4], message
    assert spoiled.got in told[5], message
    assert int(told[2]) == line_of(text, spoiled.line), message


def test_a_key_is_never_quoted(tmp_path):
    text = GOOD.replace("ctrlai_pk_00000000000000000000000000000002", "ctrlai_pk_abcdef00abcdef00abcdef00abcdef0")
    assert "abcdef" not in refusal(tmp_path, text)[1]


def test_a_document_that_is_no_mapping_is_told_so():
    for junk in (None, [], "fixture", 7):
        with pytest.raises(DocumentError, match="expected a mapping"):
            read_fixture(junk)


def test_of_very_many_flaws_the_first_hundred_are_told():
    document = yaml.safe_load(GOOD)
    document["keys"] = [{"key": f"ctrlai_pk_{each:032d}", "id": f"01HX{each:022d}"} for each in range(5000)]
    with pytest.raises(DocumentError) as caught:
        read_fixture(document)
    assert len(caught.value.flaws) == 100


# What is refused, and what is left, is safe to build a workspace from.

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=8), each, max_size=3),
    max_leaves=8,
)
PLACES = list(places_in(yaml.safe_load(GOOD)))


def put(data, path, value):
    if not path:
        return value
    inner = put(data[path[0]], path[1:], value)
    if isinstance(data, dict):
        return {**data, path[0]: inner}
    return [*data[: path[0]], inner, *data[path[0] + 1 :]]


def flaws_of(data):
    """Return why the data is refused; if it is not, it makes a workspace."""
    try:
        fixture = read_fixture(data)
    except DocumentError as error:
        return error.flaws
    workspace_of(fixture, 10**15)
    return ()


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(PLACES), junk)
def test_junk_anywhere_is_refused_with_reasons_or_makes_a_workspace(place, value):
    for flaw in flaws_of(put(yaml.safe_load(GOOD), place, value)):
        assert flaw.expected
        assert flaw.got
        assert str(flaw).isprintable()


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(PLACES), st.sampled_from(PLACES))
def test_what_stands_elsewhere_is_refused_with_reasons_or_makes_a_workspace(place, other):
    good = yaml.safe_load(GOOD)
    value = good
    for step in other:
        value = value[step]
    assert all(flaw.expected and flaw.got and str(flaw).isprintable() for flaw in flaws_of(put(good, place, value)))


@pytest.mark.parametrize("birth", [0, SECOND, 10**15, LATEST])
def test_times_stay_within_the_years_that_can_be_written(birth):
    workspace = workspace_of(read_fixture(yaml.safe_load(GOOD)), birth)
    for table in ("orgs", "units", "audit", "workflows", "apiKeys"):
        assert all(0 <= row["createdAt"] <= LATEST for row in workspace.table(table).all())


def test_a_time_of_a_fixture_is_a_whole_second():
    text = GOOD.replace("created: -60d", "created: -60d1500ms")
    workspace = workspace_of(read_fixture(yaml.safe_load(text)), 10**15 + 7)
    assert all(row["createdAt"] % SECOND == 0 for row in workspace.table("units").all())
