"""`degrade`: something that the API itself leans on is out of order, and it answers as well as it can without.

Which services an API leans on, and what it does without one, is the API's matter: the call says what is lacking.
"""

from __future__ import annotations

from typing import Any

from sandbox.core.api import Call
from sandbox.core.document import Document, nearest, text
from sandbox.core.kind import FaultKind, Site, Unfit
from sandbox.core.scenario import Blow, Fault


class _Degrade(Document):
    service = text(longest=60, required=True)


def _make(given: dict[str, Any], site: Site) -> Fault:
    service, known = given["service"], site.api.stage.services
    if not known:
        raise Unfit(("service",), f"another fault, since {site.api.name} leans on no service", service)
    if service not in known:
        near = nearest(service, known)
        raise Unfit(("service",), f"one of {', '.join(known)}", service + (f"; did you mean {near!r}?" if near else ""))
    if not any(each.id in known[service] for each in site.operations):
        expected = f"a rule that can strike what needs {service}: {', '.join(known[service])}"
        raise Unfit((), expected, f"one for {', '.join(each.id for each in site.operations)}")

    def turn(call: Call) -> Call:
        return call._replace(lacking=call.lacking | {service})

    blow = Blow(turn=turn)
    return Fault("degrade", lambda _struck, _now, _chance: blow)


DEGRADE = FaultKind("degrade", _Degrade, _make, short="service")
