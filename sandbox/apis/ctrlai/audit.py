"""The audit log: one entry for every change, and no way to change or delete one."""

from __future__ import annotations

from typing import Any

from sandbox.apis.ctrlai import ulid
from sandbox.apis.ctrlai.identity import org_of, user_of
from sandbox.core.api import Call
from sandbox.core.frozen import Frozen, freeze
from sandbox.core.workspace import Workspace

LONGEST_AGENT = 512


def noted(
    call: Call, workspace: Workspace, action: str, resource_type: str, resource_id: str,
    *, org: str | None = None, **details: Any,
) -> Workspace:  # fmt: skip
    """Return the workspace with one more entry in the log of the caller's organisation, or of another."""
    ident, workspace = ulid.mint(call, workspace, "audit")
    agent = call.request.header("user-agent")
    entry = Frozen(
        id=ident, orgId=org or org_of(call), action=action, userId=user_of(call), resourceType=resource_type,
        resourceId=resource_id, details=freeze(details), ipAddress=call.request.peer,
        userAgent=None if agent is None else agent[:LONGEST_AGENT], createdAt=call.now,
    )  # fmt: skip
    return workspace.having("audit", entry)
