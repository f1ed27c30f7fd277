"""Who may do what at Ctrl AI: every operation by every role, with a session and with a key, as one table.

Source of the roles: Enterprise, RBAC. The operations that it does not name are placed by analogy.
"""

from functools import cache

import pytest

from tests.acme import ADMIN, AUTHOR, REVIEWER, VIEWER, Acme, said
from tests.support import realm

ROLES = ("viewer", "reviewer", "author", "admin")
KEYS = dict(zip(ROLES, (VIEWER, REVIEWER, AUTHOR, ADMIN), strict=True))
USERS = dict(zip(ROLES, ("vera", "rene", "anna", "adam"), strict=True))
OPEN = None
DOMAIN = "01HXD0MA1N0000000000CRED1T"
RENE = "01HXVSER00000000000000RENE"
UNIT = {"name": "Spare", "unitType": "pattern", "domainId": DOMAIN, "when": "spare"}

MATRIX = {
    "infer": ("POST", "/v1/inference", {"query": "Is the weather fine?"}, "viewer", "write", 200),
    "listUnits": ("GET", "/v1/units", None, "viewer", "read", 200),
    "createUnit": ("POST", "/v1/units", UNIT, "author", "write", 201),
    "getUnit": ("GET", "/v1/units/{unit}", None, "viewer", "read", 200),
    "updateUnit": ("PATCH", "/v1/units/{unit}", {"name": "Renamed"}, "author", "write", 200),
    "deleteUnit": ("DELETE", "/v1/units/{unit}", None, "admin", "write", 200),
    "verifyUnit": ("POST", "/v1/units/{unit}/verify", {"action": "approve"}, "reviewer", "write", 200),
    "assignReviewers": ("POST", "/v1/units/{unit}/assign", {"reviewerIds": [RENE]}, "admin", "write", 200),
    "listWorkflows": ("GET", "/v1/workflows", None, "viewer", "read", 200),
    "createWorkflow": (
        "POST", "/v1/workflows", {"name": "Second", "domainId": DOMAIN, "units": ["{unit}"]}, "author", "write", 201,
    ),
    "composeWorkflow": (
        "POST", "/v1/workflows/compose", {"description": "Decide", "domainId": DOMAIN}, "author", "write", 200,
    ),
    "getWorkflow": ("GET", "/v1/workflows/loan-pre-check", None, "viewer", "read", 200),
    "updateWorkflow": ("PATCH", "/v1/workflows/loan-pre-check", {"description": "New"}, "author", "write", 200),
    "deleteWorkflow": ("DELETE", "/v1/workflows/loan-pre-check", None, "admin", "write", 200),
    "listDomains": ("GET", "/v1/domains", None, "viewer", "read", 200),
    "createDomain": ("POST", "/v1/domains", {"name": "Markets"}, "author", "write", 201),
    "getDomain": ("GET", "/v1/domains/spare-domain", None, "viewer", "read", 200),
    "updateDomain": ("PATCH", "/v1/domains/spare-domain", {"description": "New"}, "author", "write", 200),
    "deleteDomain": ("DELETE", "/v1/domains/spare-domain", None, "admin", "write", 200),
    "listDomainMembers": ("GET", "/v1/domains/spare-domain/members", None, "viewer", "read", 200),
    "addDomainMember": ("POST", "/v1/domains/kyc/members", {"userId": RENE}, "admin", "write", 201),
    "removeDomainMember": ("DELETE", f"/v1/domains/spare-domain/members/{RENE}", None, "admin", "write", 200),
    "listOrgs": ("GET", "/v1/orgs", None, "viewer", "read", 200),
    "createOrg": ("POST", "/v1/orgs", {"name": "Founded"}, "viewer", "write", 201),
    "getOrg": ("GET", "/v1/orgs/acme", None, "viewer", "read", 200),
    "updateOrg": ("PATCH", "/v1/orgs/acme", {"name": "Acme Trust"}, "admin", "write", 200),
    "deleteOrg": ("DELETE", "/v1/orgs/acme", None, "admin", "write", 200),
    "listMembers": ("GET", "/v1/orgs/acme/members", None, "viewer", "read", 200),
    "inviteMember": ("POST", "/v1/orgs/acme/members", {"email": "new@acme.example"}, "admin", "write", 201),
    "changeMember": ("PATCH", "/v1/orgs/acme/members/{member}", {"role": "author"}, "admin", "write", 200),
    "removeMember": ("DELETE", "/v1/orgs/acme/members/{member}", None, "admin", "write", 200),
    "listApiKeys": ("GET", "/v1/orgs/acme/api-keys", None, "admin", "read", 200),
    "createApiKey": ("POST", "/v1/orgs/acme/api-keys", {"name": "New"}, "admin", "write", 201),
    "revokeApiKey": ("DELETE", "/v1/orgs/acme/api-keys/{key}", None, "admin", "write", 200),
    "listAudit": ("GET", "/v1/audit", None, "viewer", "read", 200),
    "listInferences": ("GET", "/v1/audit/inference", None, "viewer", "read", 200),
    "getSignInPage": ("GET", "/auth/signin", None, OPEN, "strict", 200),
    "signIn": ("POST", "/auth/signin", {"email": "vera@acme.example"}, OPEN, "strict", 200),
    "getSession": ("GET", "/auth/session", None, OPEN, "strict", 200),
    "signOut": ("POST", "/auth/signout", None, OPEN, "strict", 200),
    "health": ("GET", "/health", None, OPEN, "read", 200),
}  # fmt: skip
"""Operation: method, path, body, least role, rate class, status of a success."""

ALSO_ADMINS = {"csv": ("GET", "/v1/audit?format=csv", None, "admin", "read", 200)}
"""What one operation does for admins alone."""


@cache
def prepared():
    """Return a world with one spare thing of each kind, a session for each role, and what stands for the braces."""
    acme = Acme(ADMIN, quota="off")
    unit = acme.made("POST", "/units", UNIT)
    acme.made("POST", "/domains", {"name": "Spare Domain"})
    acme.made("POST", "/domains/spare-domain/members", {"userId": RENE})
    member = acme.made("POST", "/orgs/acme/members", {"email": "spare@acme.example"})
    key = acme.made("POST", "/orgs/acme/api-keys", {"name": "Spare"})
    cookies = {role: acme.signed_in(f"{name}@acme.example") for role, name in USERS.items()}
    return acme, cookies, {"{unit}": unit["id"], "{member}": member["id"], "{key}": key["id"]}


def filled(value, idents):
    """Return the value with the ids in the place of the braces."""
    if isinstance(value, dict):
        return {name: filled(each, idents) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, idents) for each in value]
    for brace, ident in idents.items():
        value = value.replace(brace, ident) if isinstance(value, str) else value
    return value


def answered(cell, **credential):
    """Return what a cell is answered in the prepared world, which stays as it was."""
    acme, _, idents = prepared()
    method, target, body, *_ = cell
    before = acme.world
    outcome = acme.ask(method, "/api" + filled(target, idents), filled(body, idents), **credential)
    acme.world = before
    return outcome


CELLS = {**MATRIX, **ALSO_ADMINS}


def test_the_table_has_every_operation_with_its_role_and_class():
    contract = realm("default", api="ctrlai").keyring.api.contract
    assert sorted(contract.operations) == sorted(MATRIX)
    for name, (method, _, _, least, rate_class, success) in MATRIX.items():
        operation = contract.operations[name]
        roles = tuple(each for each in operation.scopes if each in ROLES)
        assert (operation.method, operation.rate_class, operation.success.status) == (method, rate_class, success)
        assert roles == (() if least is OPEN else (least,))
        assert operation.open == (least is OPEN)
        assert ("inference" in operation.scopes) == (name == "infer")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", ["key", "session"])
@pytest.mark.parametrize("name", CELLS)
def test_every_cell_of_the_role_matrix(name, kind, role):
    cell = CELLS[name]
    least, success = cell[3], cell[5]
    _, cookies, _ = prepared()
    credential = {"key": KEYS[role]} if kind == "key" else {"key": None, "cookie": cookies[role]}
    outcome = answered(cell, **credential)
    allowed = least is OPEN or ROLES.index(role) >= ROLES.index(least)
    assert outcome.response.status == (success if allowed else 403), outcome.response.body
    if not allowed:
        assert said(outcome)["error"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("name", CELLS)
def test_without_a_credential_only_what_is_open_answers(name):
    cell = CELLS[name]
    outcome = answered(cell, key=None)
    assert outcome.response.status == (cell[5] if cell[3] is OPEN else 401), outcome.response.body
    if cell[3] is not OPEN:
        assert said(outcome)["error"]["code"] == "UNAUTHORIZED"


@pytest.mark.parametrize("name", [name for name, cell in CELLS.items() if cell[3] is not OPEN])
def test_what_is_refused_for_its_role_changes_nothing(name):
    acme, _, _ = prepared()
    for credential in (None, VIEWER):
        outcome = answered(CELLS[name], key=credential)
        if outcome.response.status in (401, 403):
            assert outcome.world.workspace is acme.world.workspace


def test_the_role_is_told_before_the_body_is_read_and_before_the_path_is_looked_up():
    acme, _, _ = prepared()
    before = acme.world
    for target, body in (("/api/v1/units", b"{"), ("/api/v1/units/01HXVN1T0000000000NN000000/verify", {"action": 7})):
        assert acme.ask("POST", target, body, key=VIEWER).response.status == 403
    acme.world = before
