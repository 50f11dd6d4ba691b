"""Schema and constraints of the identities. Rows are written by `identities.actions`; nothing happens in `save()`."""

from identities.models.attribute_definition import AttributeDefinition
from identities.models.audit import AuditEntry, AuditSeal
from identities.models.change_event import ChangeEvent, Delivery
from identities.models.client import ApiClient, ApiToken, ClientAssociation, ClientTally
from identities.models.client_request import ClientRequest
from identities.models.group import Group, GroupStamp, Membership, MembershipOrigin
from identities.models.mapping_row import MappingRow
from identities.models.multi_value import MultiValue
from identities.models.org_unit import OrgUnit
from identities.models.person_token import PersonToken
from identities.models.self_test import SelfTest
from identities.models.suspension import Suspension
from identities.models.user import Administrator, User

__all__ = [
    "Administrator",
    "ApiClient",
    "ApiToken",
    "AttributeDefinition",
    "AuditEntry",
    "AuditSeal",
    "ChangeEvent",
    "ClientAssociation",
    "ClientRequest",
    "ClientTally",
    "Delivery",
    "Group",
    "GroupStamp",
    "MappingRow",
    "Membership",
    "MembershipOrigin",
    "MultiValue",
    "OrgUnit",
    "PersonToken",
    "SelfTest",
    "Suspension",
    "User",
]
