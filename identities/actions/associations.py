"""Which API client knows which users and groups, and under which id of its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from identities import audit
from identities.actions.attempts import attempt
from identities.actions.batches import each, in_chunks, one
from identities.actions.chunks import chunks
from identities.actions.handover import Handover
from identities.actions.telling import tell_all
from identities.actors import Actor, scim_origin
from identities.errors import IdentityError, NotFound, NotPermitted
from identities.models import ApiClient, ClientAssociation, Group, User
from identities.queries.compiled import Among, CompiledObjects, Several, id_hole
from identities.queries.proved_addresses import without_proved_address
from identities.queries.statements import Written, stamp_groups
from identities.rules.naming import check_text
from identities.vocabulary import AdoptionRule, UserKind, Verb

EXTERNAL_ID_LENGTH: Final = 255
Differences = dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """A user or a group that a client is to know.

    Attributes:
        external_id: the client's own id; None leaves what it is.
        new: the object was made in this transaction: nobody can know it yet, and no group holds it.
    """

    obj: User | Group
    external_id: str | None = None
    new: bool = False


def associate(
    client: ApiClient, obj: User | Group, *, actor: Actor, external_id: str | None = None, new: bool = False
) -> ClientAssociation:
    """Let a client know a user or a group, or change the id it knows it by. No difference writes nothing.

    Args:
        external_id: the client's own id; None leaves what it is.

    Raises:
        NotFound: `user_not_found`, for an administrator. RuleViolation: the id is not allowed.
    """
    return one(associate_many(client, [Acquaintance(obj, external_id, new)], actor=actor))


def associate_many(
    client: ApiClient, known: Sequence[Acquaintance], *, actor: Actor
) -> list[ClientAssociation | IdentityError]:
    """`associate` for many, each of which may appear once; refusals stand in the place of the association."""
    return in_chunks(partial(_associate, client, actor, adopted=False), known)


def adopt(client: ApiClient, user: User, *, actor: Actor, external_id: str | None = None) -> ClientAssociation:
    """Let a client take on a person who was there before it. Values keep their owners.

    Where the client's adoption rule says so, the lifecycle becomes the client's: it is the default origin from then on.

    Raises:
        NotFound: `user_not_found`, for an administrator. NotPermitted: `adoption_refused` by the client's rule, also
            where that asks for an address which this person never proved.
    """
    return one(adopt_many(client, [Acquaintance(user, external_id)], actor=actor))


def adopt_many(
    client: ApiClient, known: Sequence[Acquaintance], *, actor: Actor
) -> list[ClientAssociation | IdentityError]:
    """`adopt` for many people, each of whom may appear once; refusals stand in the place of the association.

    Raises:
        NotPermitted: `adoption_refused` by the client's rule, for all of them.
    """
    if client.adoption_rule == AdoptionRule.REFUSE:
        raise _adoption_refused()
    return in_chunks(partial(_associate, client, actor, adopted=True), known)


def drop_association(client: ApiClient, obj: User | Group, *, actor: Actor) -> bool:
    """Hide a user or a group from a client, as after its DELETE.

    What it asserted stays asserted. Returns whether it was visible.
    """
    return bool(drop_associations_many(client, [obj], actor=actor))


def drop_associations_many(client: ApiClient, objects: Sequence[User | Group], *, actor: Actor) -> int:
    """`drop_association` for many. Returns how many were visible."""
    return sum(attempt(partial(_drop, client, chunk, actor)) for chunk in chunks(objects))


def _drop(client: ApiClient, objects: Sequence[User | Group], actor: Actor) -> int:
    found = _locked(client, objects)
    seen = {obj: each for obj in objects if (each := found.get(obj.pk)) is not None and each.hidden_at is None}
    for association in seen.values():
        association.hidden_at = timezone.now()
    _stamp(seen)
    rows = [audit.AuditRow(Verb.ASSOCIATION_DROPPED, obj, facts={"client": client.name}) for obj in seen]
    tell_all(rows, (), actor=actor, written=[Written(list(seen.values()), ("hidden_at",))])
    return len(seen)


def _associate(
    client: ApiClient, actor: Actor, known: Sequence[Acquaintance], *, adopted: bool
) -> list[ClientAssociation | IdentityError]:
    """Associate, or adopt; with the lifecycles, where that is the client's rule."""
    people = [each.obj.pk for each in known] if adopted else []
    by_address = client.adoption_rule == AdoptionRule.VERIFIED_EMAIL
    refused = without_proved_address(people) if people and by_address else set()
    handover = Handover.of(people, scim_origin(client.pk)) if people and client.adoption_owns_lifecycle else None
    found = _locked(client, [each.obj for each in known if not each.new])
    made: list[ClientAssociation] = []
    changed: list[ClientAssociation] = []
    appeared: list[User | Group] = []
    rows: list[audit.AuditRow] = []

    def step(wanted: Acquaintance) -> ClientAssociation:
        _check(wanted)
        if wanted.obj.pk in refused:
            raise _adoption_refused()
        handed = handover.take(wanted.obj.pk) if handover else {}
        association = found.get(wanted.obj.pk)
        created = association is None
        if association is None:
            association = ClientAssociation(client=client, **_which(wanted.obj), created_at=timezone.now())
        before = {"external_id": None} if created else _seen(association)
        association.external_id = association.external_id if wanted.external_id is None else wanted.external_id
        association.hidden_at = None
        association.adopted = association.adopted or adopted
        after = {"external_id": association.external_id} if created else _seen(association)
        differences = {**audit.differences(wanted.obj, before, after), **handed}
        if (created and not wanted.new) or "hidden" in differences:
            appeared.append(wanted.obj)
        if differences:
            (made if created else changed).append(association)
            verb = _verb(adopted=adopted, created=created)
            rows.append(audit.AuditRow(verb, wanted.obj, differences, {"client": client.name}))
        return association

    results = each(step, known)
    if handover:
        handover.write()
    _stamp(appeared)
    written = [Written(made), Written(changed, ("adopted", "external_id", "hidden_at"))]
    tell_all(rows, (), actor=actor, written=written)
    return results


def _adoption_refused() -> NotPermitted:
    return NotPermitted("adoption_refused", _("This API client may not adopt people."))


def _check(known: Acquaintance) -> None:
    if isinstance(known.obj, User) and known.obj.kind != UserKind.PERSON:
        raise NotFound("user_not_found", f"There is no user {known.obj.pk}.", user=str(known.obj.pk))
    check_external_id(known.external_id)


def check_external_id(external_id: str | None) -> None:
    """Refuse an id that cannot be kept (raises RuleViolation)."""
    if external_id is not None:
        check_text("externalId", external_id, EXTERNAL_ID_LENGTH)


def _stamp(objects: Iterable[User | Group]) -> None:
    """The client sees these as members, or does not any more."""
    told = list(objects)
    stamp_groups(
        [each.pk for each in told if isinstance(each, User)], [each.pk for each in told if isinstance(each, Group)]
    )


def _seen(association: ClientAssociation) -> dict[str, object]:
    """What the audit trail tells of an association."""
    return {
        "external_id": association.external_id,
        "hidden": association.hidden_at is not None,
        "adopted": association.adopted,
    }


def _verb(*, adopted: bool, created: bool) -> Verb:
    if adopted:
        return Verb.ASSOCIATION_ADOPTED
    return Verb.ASSOCIATION_CREATED if created else Verb.ASSOCIATION_CHANGED


def _locked(client: ApiClient, objects: Sequence[User | Group]) -> dict[UUID, ClientAssociation]:
    """What the client knows of these, by their ids, locked."""
    if not objects:
        return {}
    people = [obj.pk for obj in objects if isinstance(obj, User)]
    groups = [obj.pk for obj in objects if isinstance(obj, Group)]
    found = _locked_associations().objects(client=client.pk, people=people, groups=groups)
    return {each.user_id or each.group_id: each for each in found}


@cache
def _locked_associations() -> CompiledObjects:
    client, people, groups = id_hole(), Several(), Several()
    rows = ClientAssociation.objects.select_for_update(no_key=True).filter(client=client).order_by("pk")
    known = rows.filter(Q(Among("user_id", people)) | Q(Among("group_id", groups)))
    return CompiledObjects(known, {"client": client, "people": people, "groups": groups})


def _which(obj: User | Group) -> dict[str, UUID]:
    return {"user_id": obj.pk} if isinstance(obj, User) else {"group_id": obj.pk}
