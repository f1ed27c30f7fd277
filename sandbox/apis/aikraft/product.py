"""Aikraft as a record: its contract, dialect, law, handlers, storage, and what scripts may do to it."""

from __future__ import annotations

from sandbox.apis.aikraft import classifications, documents, ingest, monitoring, systems
from sandbox.apis.aikraft.dialect import DIALECT
from sandbox.apis.aikraft.law import LAW
from sandbox.apis.aikraft.stage import STAGE
from sandbox.apis.aikraft.state import STORAGE
from sandbox.core.api import Api, assembled
from sandbox.core.contract import Contract

NAME = "aikraft"
PREFIX = "/v1"

HANDLERS = {
    "listSystems": systems.LIST,
    "createSystem": systems.CREATE,
    "getClassification": classifications.GET,
    "createClassification": classifications.CREATE,
    "createDocuments": documents.CREATE,
    "getJob": documents.GET,
    "getMonitoring": monitoring.GET,
    "ingestAggregates": ingest.INGEST,
}


def product(contract: Contract) -> Api:
    """Return the API, or fail naming the operations and handlers that do not match."""
    return assembled(Api(NAME, contract, DIALECT, LAW, HANDLERS, STORAGE, STAGE))
