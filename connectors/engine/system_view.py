"""Systems and links as decisions see them."""

from dataclasses import replace
from typing import Any

from connectors.engine import session
from connectors.engine.failures import Defect
from connectors.engine.known_values import recalled
from connectors.engine.situation import LinkView, SystemView
from connectors.models import ConnectedSystem, Link
from connectors.spi import WRITABLE, Capabilities, ConnectorError, DisableStyle, ObjectClass, ObjectSchema, Schema
from connectors.vocabulary import (
    AdoptionPolicy,
    GonePolicy,
    LinkState,
    OrgUnitProvisioning,
    RemovalPolicy,
    Settlement,
    SystemState,
)
from identities.vocabulary import ObjectType


def system_view(system: ConnectedSystem, object_type: ObjectType, schema: Schema | None) -> SystemView:
    """The system as decisions about objects of this type see it."""
    object_class = system.object_class_of(object_type)
    of_class = _schema(system, schema.objects.get(object_class) if schema else None)
    capabilities, unavailable = capabilities_of(system)
    chosen = {
        ObjectClass.USER: system.correlation_attribute,
        ObjectClass.GROUP: system.group_correlation_attribute,
    }.get(object_class)
    mappings: Any = system.mappings  # type: ignore[attr-defined]  # the related name
    return SystemView(
        id=system.id,
        name=system.name,
        state=SystemState(system.state),
        capabilities=capabilities,
        schema=of_class,
        mappings=tuple(each.plain() for each in mappings.all() if each.object_type == object_type),
        correlation_attribute=chosen or (of_class.name_attribute if of_class else ""),
        marker_attribute=system.marker_attribute or (of_class.marker_attribute if of_class else None),
        adoption_policy=AdoptionPolicy(system.adoption_policy),
        when_inactive=RemovalPolicy(system.when_inactive),
        when_out_of_scope=RemovalPolicy(system.when_out_of_scope),
        when_deleted=RemovalPolicy(system.when_deleted),
        when_gone=GonePolicy(system.when_gone),
        deletion_policy=RemovalPolicy(system.deletion_policy or RemovalPolicy.LEAVE),
        provisioned=_is_provisioned(system, object_type, capabilities),
        unavailable=unavailable,
    )


def _schema(system: ConnectedSystem, of_class: ObjectSchema | None) -> ObjectSchema | None:
    """Org units that are groups are no places, so nothing lies in them."""
    if of_class is None or system.object_class_of(ObjectType.ORG_UNIT) is not ObjectClass.GROUP:
        return of_class
    return replace(of_class, parent_attribute=None)


def _is_provisioned(system: ConnectedSystem, object_type: ObjectType, capabilities: Capabilities) -> bool:
    """A connector that knows no groups as it is configured would have every group wait for a person; units likewise."""
    wanted = {
        ObjectType.USER: True,
        ObjectType.GROUP: system.provisions_groups,
        ObjectType.ORG_UNIT: system.provisions_org_units != OrgUnitProvisioning.NONE,
    }[object_type]
    return wanted and (object_type is ObjectType.USER or system.object_class_of(object_type) in capabilities.objects)


def order_of(system: ConnectedSystem) -> tuple[ObjectType, ...]:
    """Who is referred to comes first: places before the people in them, groups after their members."""
    if system.object_class_of(ObjectType.ORG_UNIT) is ObjectClass.GROUP:
        return ObjectType.USER, ObjectType.GROUP, ObjectType.ORG_UNIT
    return ObjectType.ORG_UNIT, ObjectType.USER, ObjectType.GROUP


def link_view(link: Link) -> LinkView:
    """A link as decisions see it."""
    known = recalled(link.known)
    return LinkView(
        state=LinkState(link.state),
        remote_id=link.remote_id,
        reference=link.reference,
        remote_name=link.remote_name,
        enabled=link.enabled,
        known=known.values,
        fingerprints=known.fingerprints,
        rewritten=known.rewritten,
        correlation_key=link.correlation_key,
        create_intent_key=link.create_intent_key,
        create_intent_at=link.create_intent_at,
        unresolved=link.unresolved,
        settlement=Settlement(link.settlement),
    )


def capabilities_of(system: ConnectedSystem) -> tuple[Capabilities, str]:
    """What the system can do; everything is assumed of one whose connector cannot be used now, and why it cannot."""
    try:
        return session.capabilities(system), ""
    except (ConnectorError, Defect) as error:
        return Capabilities(dict.fromkeys(ObjectClass, WRITABLE), DisableStyle.NATIVE), error.message
