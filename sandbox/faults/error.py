"""`error`: one of the contract's errors in the handler's place, or, marked as illegal, one that a proxy would give."""

from __future__ import annotations

from typing import Any

from sandbox.core.document import Document, text, truth, whole
from sandbox.core.kind import FaultKind, Site, Unfit
from sandbox.core.scenario import Blow, Chance, Fault, Instead, Refused, Struck
from sandbox.core.synonym import Alias, Words

PROXY = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}


class _Error(Document):
    status = whole(400, 599, load_default=500)
    message = text(longest=500, load_default="The sandbox was told to answer with this error.")
    illegal = truth(load_default=False)


def _make(given: dict[str, Any], site: Site) -> Fault:
    status = given["status"]
    lacking = [each.id for each in site.operations if status not in each.shapes]
    if lacking and not given["illegal"]:
        expected = f"a status that every operation of the rule declares ({_declared(site)}), or illegal: true"
        raise Unfit(("status",), expected, f"{status}, which {lacking[0]} does not")
    instead = instead_of(status, given["message"], lacking=bool(lacking))

    def strike(_struck: Struck, _now: int, _chance: Chance) -> Blow:
        return Blow(instead=instead)

    refused = (Refused(status, "fault"),)
    return Fault("error", strike, illegal=bool(lacking), refuses=lambda _operation, _owner: refused)


def _declared(site: Site) -> str:
    """Return the statuses of errors that all operations of the rule have."""
    common = set.intersection(*({each for each in one.shapes if each >= 400} for one in site.operations))
    return ", ".join(map(str, sorted(common))) or "there is none"


def instead_of(status: int, message: str, *, lacking: bool) -> Instead:
    """Return the answer of this status: in the API's words, or a proxy's page if the contract has no such status."""
    if not lacking or status not in PROXY:
        return Instead(status, message)
    title = f"{status} {PROXY[status]}"
    head = f"<html>\r\n<head><title>{title}</title></head>\r\n"
    page = f"{head}<body><center><h1>{title}</h1></center></body>\r\n</html>\r\n"
    return Instead(status, message, page.encode(), "text/html")


WORDS = Words(
    {"statusCode": Alias("status", "LocalStack"), "errorStatus": Alias("status", "MockServer")},
    {"code": "status: the contract says which code goes with it", "probability": "when: {probability: 0.3}"},
)
ERROR = FaultKind("error", _Error, _make, short="status", words=WORDS)
