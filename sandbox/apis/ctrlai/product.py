"""Ctrl AI as a record: its contract, dialect, law, handlers, storage, and the services that it leans on."""

from __future__ import annotations

from sandbox.apis.ctrlai import (
    api_keys,
    audit,
    domains,
    health,
    inference,
    members,
    orgs,
    sessions,
    units,
    workflows,
)
from sandbox.apis.ctrlai.dialect import DIALECT
from sandbox.apis.ctrlai.law import LAW
from sandbox.apis.ctrlai.state import STORAGE
from sandbox.core.api import Api, Stage, assembled
from sandbox.core.contract import Contract

NAME = "ctrlai"
PREFIX = "/api"

HANDLERS = {
    "infer": inference.INFER,
    "listUnits": units.LIST,
    "createUnit": units.CREATE,
    "getUnit": units.GET,
    "updateUnit": units.UPDATE,
    "deleteUnit": units.DELETE,
    "verifyUnit": units.VERIFY,
    "assignReviewers": units.ASSIGN,
    "listWorkflows": workflows.LIST,
    "createWorkflow": workflows.CREATE,
    "composeWorkflow": workflows.COMPOSE,
    "getWorkflow": workflows.GET,
    "updateWorkflow": workflows.UPDATE,
    "deleteWorkflow": workflows.DELETE,
    "listDomains": domains.LIST,
    "createDomain": domains.CREATE,
    "getDomain": domains.GET,
    "updateDomain": domains.UPDATE,
    "deleteDomain": domains.DELETE,
    "listDomainMembers": domains.LIST_MEMBERS,
    "addDomainMember": domains.ADD_MEMBER,
    "removeDomainMember": domains.REMOVE_MEMBER,
    "listOrgs": orgs.LIST,
    "createOrg": orgs.CREATE,
    "getOrg": orgs.GET,
    "updateOrg": orgs.UPDATE,
    "deleteOrg": orgs.DELETE,
    "listMembers": members.LIST,
    "inviteMember": members.INVITE,
    "changeMember": members.CHANGE,
    "removeMember": members.REMOVE,
    "listApiKeys": api_keys.LIST,
    "createApiKey": api_keys.CREATE,
    "revokeApiKey": api_keys.REVOKE,
    "listAudit": audit.LIST,
    "listInferences": inference.LIST,
    "getSignInPage": sessions.PAGE,
    "signIn": sessions.SIGN_IN,
    "getSession": sessions.SESSION,
    "signOut": sessions.SIGN_OUT,
    "health": health.HEALTH,
}
STAGE = Stage(services={"models": ("infer",), "trust": ("infer",)}, bursts=False)
"""What may be out of order: the models that word an answer, and the computation of how far it can be trusted."""


def product(contract: Contract) -> Api:
    """Return the API, or fail naming the operations and handlers that do not match."""
    return assembled(Api(NAME, contract, DIALECT, LAW, HANDLERS, STORAGE, STAGE, version="/v1"))
