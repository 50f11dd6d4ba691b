"""Which API client knows which users and groups, and under which id of its own."""

from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from identities import audit
from identities.actions.user_changes import lock_users, present, value_of
from identities.actors import Actor, scim_origin
from identities.errors import NotFound, NotPermitted
from identities.models import ApiClient, ClientAssociation, Group, User
from identities.rules.attributes import PRIMARY_SUFFIX, SINGLE_VALUED
from identities.rules.naming import check_text
from identities.rules.ownership import is_empty
from identities.vocabulary import AdoptionRule, UserKind, Verb

EXTERNAL_ID_LENGTH: Final = 255
Differences = dict[str, tuple[Any, Any]]


def associate(
    client: ApiClient, obj: User | Group, *, actor: Actor, external_id: str | None = None
) -> ClientAssociation:
    """Let a client know a user or a group, or change the id it knows it by. No difference writes nothing.

    Args:
        external_id: the client's own id; None leaves what it is.

    Raises:
        NotFound: `user_not_found`, for an administrator. RuleViolation: the id is not allowed.
    """
    return _associate(client, obj, actor, external_id)


def adopt(client: ApiClient, user: User, *, actor: Actor, external_id: str | None = None) -> ClientAssociation:
    """Let a client take on a person who was there before it. Values keep their owners.

    Where the client's adoption rule says so, the lifecycle becomes the client's: it is the default origin from then on.

    Raises:
        NotFound: `user_not_found`, for an administrator. NotPermitted: `adoption_refused` by the client's rule.
    """
    if client.adoption_rule == AdoptionRule.REFUSE:
        raise NotPermitted("adoption_refused", _("This API client may not adopt people."))
    with transaction.atomic():
        handed = _hand_over(user.pk, scim_origin(client.pk)) if client.adoption_owns_lifecycle else {}
        return _associate(client, user, actor, external_id, handed)


def drop_association(client: ApiClient, obj: User | Group, *, actor: Actor) -> bool:
    """Hide a user or a group from a client, as after its DELETE.

    What it asserted stays asserted. Returns whether it was visible.
    """
    with transaction.atomic():
        found = _find(client, obj)
        if found is None or found.hidden_at is not None:
            return False
        found.hidden_at = timezone.now()
        found.save(update_fields=["hidden_at"])
        audit.record(Verb.ASSOCIATION_DROPPED, obj, actor=actor, client=client.name)
    return True


def _associate(
    client: ApiClient,
    obj: User | Group,
    actor: Actor,
    external_id: str | None,
    handed: Differences | None = None,
) -> ClientAssociation:
    """Associate, or adopt if `handed` is given: what changed hands with it."""
    if isinstance(obj, User) and obj.kind != UserKind.PERSON:
        raise NotFound("user_not_found", f"There is no user {obj.pk}.", user=str(obj.pk))
    if external_id is not None:
        check_text("externalId", external_id, EXTERNAL_ID_LENGTH)
    adopted = handed is not None
    with transaction.atomic():
        found, created = _find_or_create(client, obj, external_id or "", adopted=adopted)
        before = {"external_id": None} if created else _seen(found)
        found.external_id = found.external_id if external_id is None else external_id
        found.hidden_at = None
        found.adopted = found.adopted or adopted
        after = {"external_id": found.external_id} if created else _seen(found)
        differences = {**audit.differences(obj, before, after), **(handed or {})}
        if differences and not created:
            found.save(update_fields=["external_id", "hidden_at", "adopted"])
        if differences:
            audit.record(
                _verb(adopted=adopted, created=created), obj, actor=actor, changes=differences, client=client.name
            )
    return found


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


def _find_or_create(
    client: ApiClient, obj: User | Group, external_id: str, *, adopted: bool
) -> tuple[ClientAssociation, bool]:
    made = {"external_id": external_id, "adopted": adopted, "created_at": timezone.now()}
    return ClientAssociation.objects.select_for_update(no_key=True).get_or_create(
        client=client, **_which(obj), defaults=made
    )


def _find(client: ApiClient, obj: User | Group) -> ClientAssociation | None:
    return ClientAssociation.objects.select_for_update(no_key=True).filter(client=client, **_which(obj)).first()


def _which(obj: User | Group) -> dict[str, UUID]:
    return {"user_id": obj.pk} if isinstance(obj, User) else {"group_id": obj.pk}


def _hand_over(user: UUID, origin: str) -> Differences:
    """Give the lifecycle to another origin. Every value keeps the owner it had, now named in `owners`."""
    found = present(lock_users([user]), user)
    before = found.default_origin
    if before == origin:
        return {}
    attributes = (*SINGLE_VALUED, *(f"custom.{name}" for name in found.custom))
    primaries = found.multi_values.filter(primary=True).values_list("attribute", flat=True)
    inherited = [name for name in attributes if not is_empty(value_of(found, name))]
    inherited += [f"{name}{PRIMARY_SUFFIX}" for name in primaries]
    found.owners = {**dict.fromkeys(inherited, before), **found.owners}
    found.default_origin = origin
    found.save(update_fields=["owners", "default_origin"])
    return {"default_origin": (before, origin)}
