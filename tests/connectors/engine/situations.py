"""Situations written by hand: an ordinary one, and what may differ from it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from connectors.catalog.memory.schema import GROUP, USER
from connectors.engine.limits import RemovalBudget
from connectors.engine.situation import (
    Criterion,
    Hit,
    LinkView,
    ObjectView,
    RemoteState,
    RemoteView,
    ScopeClause,
    ScopeView,
    Search,
    Situation,
    SystemView,
)
from connectors.spi import WRITABLE, Attributes, Capabilities, DisableStyle, ObjectClass, RemoteObject
from connectors.vocabulary import LinkState
from identities.mapping import MappingRow
from identities.vocabulary import MappingKind, ObjectType

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SYSTEM_ID = UUID("00000000-0000-4000-8000-00000000000a")
ADA = UUID("00000000-0000-4000-8000-000000000001")
BOSS = UUID("00000000-0000-4000-8000-000000000002")
TEAM = UUID("00000000-0000-4000-8000-000000000003")
REMOTE_ID = "remote-1"

MAPPINGS = (
    MappingRow("userName", MappingKind.DIRECT, "userName"),
    MappingRow("givenName", MappingKind.DIRECT, "name.givenName"),
    MappingRow("title", MappingKind.DIRECT, "title", clear_when_null=True),
    MappingRow("manager", MappingKind.EXPRESSION, "user.manager.id"),
)
GROUP_MAPPINGS = (MappingRow("displayName", MappingKind.DIRECT, "displayName"),)
DOCUMENT: dict[str, Any] = {"userName": "ada", "name": {"givenName": "Ada"}, "title": "Countess", "manager": None}
AS_DESIRED: Attributes = {
    "userName": ("ada",),
    "givenName": ("Ada",),
    "title": ("Countess",),
    "externalId": (str(ADA),),
}
CRITERIA = (Criterion("externalId", str(ADA)), Criterion("userName", "ada"))
ALL = Capabilities(objects=dict.fromkeys(ObjectClass, WRITABLE), disable=DisableStyle.NATIVE)
LINKED = LinkView(
    state=LinkState.LINKED,
    remote_id=REMOTE_ID,
    reference=REMOTE_ID,
    remote_name="ada",
    enabled=True,
    known=AS_DESIRED,
    correlation_key="ada",
)
OUT_OF_SCOPE = ScopeView(matches=False, clauses=(ScopeClause('department eq "Sales"', holds=False),))


def user_system(**changes: Any) -> SystemView:
    """A running system for people that can do everything."""
    system = SystemView(
        id=SYSTEM_ID,
        name="Directory",
        capabilities=ALL,
        schema=USER,
        mappings=MAPPINGS,
        correlation_attribute="userName",
        marker_attribute="externalId",
    )
    return replace(system, **changes)


def ada(**changes: Any) -> ObjectView:
    """An active person in scope."""
    scope = ScopeView(matches=True, clauses=(ScopeClause("the filter is empty: everybody", holds=True),))
    return replace(ObjectView(ObjectType.USER, ADA, "Ada Lovelace", DOCUMENT, scope=scope, version=3), **changes)


def remote(attributes: Attributes | None = None, *, enabled: bool | None = True, **changes: Any) -> RemoteObject:
    """An account as the system holds it."""
    found = RemoteObject(
        object_class=ObjectClass.USER,
        remote_id=REMOTE_ID,
        reference=REMOTE_ID,
        name="ada",
        attributes=AS_DESIRED if attributes is None else attributes,
        enabled=enabled,
    )
    return replace(found, **changes)


def read(found: RemoteObject | None) -> RemoteView:
    """The linked account as it was read; None: it is gone."""
    return RemoteView(RemoteState.PRESENT if found else RemoteState.ABSENT, found)


def unlinked(*hits: Hit | RemoteObject, **changes: Any) -> Situation:
    """Somebody without an account; a search brought up these."""
    found = tuple(each if isinstance(each, Hit) else Hit(each) for each in hits)
    situation = Situation(
        system=user_system(), object=ada(), now=NOW, search=Search(CRITERIA, found), budget=RemovalBudget(0, 20, 100)
    )
    return replace(situation, **changes)


def linked(found: RemoteObject | None = None, **changes: Any) -> Situation:
    """Somebody with an account that was read."""
    situation = Situation(
        system=user_system(),
        object=ada(),
        now=NOW,
        link=LINKED,
        remote=read(found or remote()),
        budget=RemovalBudget(0, 20, 100),
    )
    return replace(situation, **changes)


def group(**changes: Any) -> Situation:
    """A group that is linked and was read."""
    system = user_system(schema=GROUP, mappings=GROUP_MAPPINGS, correlation_attribute="displayName")
    attributes = {"displayName": ("Team",), "externalId": (str(TEAM),)}
    situation = Situation(
        system=system,
        object=ObjectView(ObjectType.GROUP, TEAM, "Team", {"displayName": "Team"}),
        now=NOW,
        link=replace(LINKED, enabled=None, known=attributes),
        remote=read(remote(attributes, enabled=None, object_class=ObjectClass.GROUP, name="Team")),
        budget=RemovalBudget(0, 20, 100),
    )
    return replace(situation, **changes)


FOREIGN = remote({"userName": ("ADA",), "givenName": ("Someone",)}, remote_id="foreign")
OURS = remote({**AS_DESIRED, "userName": ("a.lovelace",)}, remote_id="ours")
DELETED = ada(deleted=True, active=False, scope=OUT_OF_SCOPE)
INACTIVE = ada(active=False, condition="suspended by admin")
LEAVING = ada(scope=OUT_OF_SCOPE)
FULL = RemovalBudget(removed=20, limit=20, accounts=100)
INTENDED = LinkView(create_intent_key="ada", create_intent_at=NOW)
