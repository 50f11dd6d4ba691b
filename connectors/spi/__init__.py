"""The service provider interface: the names a connector author may use, and no others."""

from connectors.spi.capabilities import WRITABLE, Capabilities, Capability, DisableStyle
from connectors.spi.configuration import Configuration, setting
from connectors.spi.connector import Connector, Discovery, Finding, FindingLevel
from connectors.spi.errors import (
    AlreadyExists,
    Ambiguous,
    ConnectorError,
    Gone,
    Misconfigured,
    Rejected,
    Throttled,
    Transient,
)
from connectors.spi.filters import And, Equals, Filter, Not, Or, Present, StartsWith
from connectors.spi.objects import (
    Attributes,
    Change,
    ChangeKind,
    Delta,
    ObjectClass,
    Page,
    RemoteObject,
    Scalar,
    Values,
)
from connectors.spi.schema import AttributeSpec, AttributeType, ObjectSchema, Schema
from connectors.spi.transport import HttpClient, HttpResponse, Transport

__all__ = [
    "WRITABLE",
    "AlreadyExists",
    "Ambiguous",
    "And",
    "AttributeSpec",
    "AttributeType",
    "Attributes",
    "Capabilities",
    "Capability",
    "Change",
    "ChangeKind",
    "Configuration",
    "Connector",
    "ConnectorError",
    "Delta",
    "DisableStyle",
    "Discovery",
    "Equals",
    "Filter",
    "Finding",
    "FindingLevel",
    "Gone",
    "HttpClient",
    "HttpResponse",
    "Misconfigured",
    "Not",
    "ObjectClass",
    "ObjectSchema",
    "Or",
    "Page",
    "Present",
    "Rejected",
    "RemoteObject",
    "Scalar",
    "Schema",
    "StartsWith",
    "Throttled",
    "Transient",
    "Transport",
    "Values",
    "setting",
]
