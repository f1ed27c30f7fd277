"""`error`: one of the contract's errors in the handler's place, or, marked as illegal, one that a proxy would give."""

from __future__ import annotations

from typing import Any

from sandbox.core.document import Document, text, truth, whole
from sandbox.core.kind import FaultKind, Site, Unfit
from sandbox.core.scenario import Blow, Chance, Fault, Instead, Struck

PROXY = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}


class _Error(Document):
    status = whole(400, 599, load_default=500)
    message = text(longest=500, load_default="The sandbox was told to answer with this error.")
    illegal = truth(load_default=False)


def _make(given: dict[str, Any], site: Site) -> Fault:
    status = given["status"]
    lacking = [each.id for each in site.operations if status not in each.shapes]
    if lacking and not given["illegal"]:
        declared = sorted({each for one in site.operations for each in one.shapes if each >= 400})
        expected = f"a status that {lacking[0]} declares ({', '.join(map(str, declared))}), or illegal: true"
        raise Unfit(("status",), expected, str(status))
    instead = instead_of(status, given["message"], lacking=bool(lacking))

    def strike(_struck: Struck, _now: int, _chance: Chance) -> Blow:
        return Blow(instead=instead)

    return Fault("error", strike, illegal=bool(lacking))


def instead_of(status: int, message: str, *, lacking: bool) -> Instead:
    """Return the answer of this status: in the API's words, or a proxy's page if the contract has no such status."""
    if not lacking or status not in PROXY:
        return Instead(status, message)
    title = f"{status} {PROXY[status]}"
    head = f"<html>\r\n<head><title>{title}</title></head>\r\n"
    page = f"{head}<body><center><h1>{title}</h1></center></body>\r\n</html>\r\n"
    return Instead(status, message, page.encode(), "text/html")


ERROR = FaultKind("error", _Error, _make)
