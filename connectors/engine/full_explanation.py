"""Everything the portal can say about one object on one system, as data: for the page, and for the command."""

from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from connectors.engine.decide.showing import Compared, MappedRow, compared, mapped_rows, unknown_references
from connectors.engine.explain import Explanation, explain
from connectors.engine.gather import resolved
from connectors.engine.masking import MASK, looks_secret
from connectors.engine.obstacles import Obstacle, object_holds
from connectors.engine.outlook import Coming, outlook
from connectors.engine.situation import ScopeClause, Situation
from connectors.models import ConnectedSystem, Operation
from identities.models import User
from identities.queries.owned_values import OwnedValue, values_of_group, values_of_org_unit, values_of_user
from identities.vocabulary import ObjectType

SHOWN_OPERATIONS: Final = 10
_VALUES: Final = {
    ObjectType.USER: values_of_user,
    ObjectType.GROUP: values_of_group,
    ObjectType.ORG_UNIT: values_of_org_unit,
}


@dataclass(frozen=True, slots=True)
class FullExplanation:
    """One object on one system, with all that the decision rests on.

    Attributes:
        values: of the object, with their owners; secret ones masked.
        scope: clause by clause. mappings: row by row. account: as last known, beside what it should be.
        history: the latest operations, newest first.
        obstacles: gates and holds, whether they apply or not. outlook: what happens next.
    """

    explanation: Explanation
    values: tuple[OwnedValue, ...]
    scope: tuple[ScopeClause, ...]
    mappings: tuple[MappedRow, ...]
    account: tuple[Compared, ...]
    history: tuple[Operation, ...]
    obstacles: tuple[Obstacle, ...]
    outlook: tuple[Coming, ...]


def explain_in_full(object_type: ObjectType, object_id: UUID, system: ConnectedSystem) -> FullExplanation:
    """Explain one object on one system, without asking the system, in a number of queries that depends on neither."""
    explanation = explain(object_type, object_id, system)
    is_user = object_type is ObjectType.USER
    situation = _complete(explanation.situation, system) if explanation.situation else None
    is_there = situation is not None and bool(situation.object.document)
    of_object = Operation.objects.filter(object_type=object_type, object_id=object_id, system=system)
    user = User.objects.get_queryset().filter(pk=object_id, deleted_at__isnull=True).first() if is_user else None
    return FullExplanation(
        explanation,
        values=_masked(_VALUES[object_type](object_id)),
        scope=situation.object.scope.clauses if situation else (),
        mappings=mapped_rows(situation) if situation and is_there else (),
        account=compared(situation) if situation and is_there else (),
        history=tuple(of_object.order_by("-id")[:SHOWN_OPERATIONS]),
        obstacles=_obstacles(explanation),
        outlook=outlook(explanation, user),
    )


def _complete(situation: Situation, system: ConnectedSystem) -> Situation:
    """With the references that mappings give, whether or not the decision came to asking for them."""
    unknown = unknown_references(situation)
    if not unknown:
        return situation
    return replace(situation, references={**situation.references, **resolved([system], unknown)[system.id]})


def _obstacles(explanation: Explanation) -> tuple[Obstacle, ...]:
    link, situation = explanation.link, explanation.situation
    waiting_for = max(link.unresolved if link else 0, explanation.decision.waiting_for)
    budget = situation.budget if situation else None
    holds = object_holds(budget, is_held=explanation.hold is not None, waiting_for=waiting_for)
    return (*explanation.system_gates, *holds)


def _masked(values: tuple[OwnedValue, ...]) -> tuple[OwnedValue, ...]:
    return tuple(replace(each, value=MASK) if looks_secret(each.attribute) else each for each in values)
