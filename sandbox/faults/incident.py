"""`incident`: incidents of a system, or of all systems, reported at once; each counts for 30 days."""

from __future__ import annotations

from typing import Any

from sandbox.core.api import Api
from sandbox.core.document import Document, whole
from sandbox.core.happening import Deed, Scene
from sandbox.core.kind import EventKind, Unfit
from sandbox.core.workspace import Workspace
from sandbox.faults.drift import system_field, systems_of


class _Incident(Document):
    system = system_field(required=True)
    count = whole(1, 10, load_default=1)


def _make(given: dict[str, Any], api: Api) -> Deed:
    report = api.stage.incident
    if report is None:
        raise Unfit((), "an API whose systems have incidents", api.name)

    def act(workspace: Workspace, scene: Scene) -> Workspace:
        for system in systems_of(api, given["system"], workspace):
            workspace = report(workspace, system, given["count"], scene.now)
        return workspace

    return Deed("incident", act)


INCIDENT = EventKind("incident", _Incident, _make)
