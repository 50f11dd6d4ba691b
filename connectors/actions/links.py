"""The ties between people or groups here and accounts there, cut and made by hand."""

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from connectors.engine.dependents import dependents_of, ring
from connectors.engine.failures import Defect
from connectors.engine.queue import enqueue
from connectors.engine.session import session
from connectors.models import Link, RemoteMembership
from connectors.spi import ConnectorError, Gone, ObjectClass, RemoteObject
from connectors.vocabulary import Lane, LinkState, Settlement, SystemVerb
from identities import audit, outbox
from identities.actors import Actor
from identities.errors import Conflict, NotFound, RuleViolation
from identities.vocabulary import ObjectType


@transaction.atomic
def unlink(link: Link, *, actor: Actor) -> Link:
    """Cut the tie; the account stays as it is, in its groups too, and is left alone until it is matched again.

    Raises:
        RuleViolation: there is no tie to cut.
    """
    locked = _locked(link)
    if locked.state != LinkState.LINKED:
        raise RuleViolation("not_linked", f"{locked.object_name} is not linked to an account.")
    account = locked.remote_name or locked.remote_id
    RemoteMembership.objects.filter(Q(group_link=locked) | Q(member_link=locked)).delete()
    locked.state, locked.settlement = LinkState.REMOVED, Settlement.KEPT
    locked.remote_id, locked.enabled, locked.known, locked.unresolved = None, None, {}, 0
    locked.create_intent_key, locked.create_intent_at = "", None
    locked.matched_by_hand = False
    locked.save()
    audit.record(SystemVerb.LINK_CUT, locked, actor=actor, system=str(locked.system_id), account=account)
    return locked


def match_by_hand(link: Link, remote_id: str, *, actor: Actor) -> Link:
    """Say which account belongs to this person or group; it is brought up to date next.

    Args:
        remote_id: the account's immutable id; the account is read before anything is written.

    Raises:
        NotFound: there is no such account. Conflict: it belongs to somebody else. RuleViolation: the system cannot be
        asked.
    """
    _refuse_if_taken(link, remote_id)
    account = _read(link, remote_id)
    try:
        with transaction.atomic():
            locked = _locked(link)
            locked.state, locked.settlement, locked.matched_by_hand = LinkState.LINKED, Settlement.NONE, True
            locked.remote_id, locked.reference, locked.remote_name = account.remote_id, account.reference, account.name
            locked.enabled, locked.known, locked.adopted = account.enabled, {}, True
            locked.create_intent_key, locked.create_intent_at = "", None
            locked.linked_at = timezone.now()
            locked.save()
            facts = {"system": str(locked.system_id), "account": account.name, "remote_id": account.remote_id}
            audit.record(SystemVerb.LINK_MATCHED, locked, actor=actor, **facts)
            _converge(locked, actor)
    except IntegrityError:
        _refuse_if_taken(link, account.remote_id)
        raise
    return locked


def _locked(link: Link) -> Link:
    locked = Link.objects.select_for_update(of=("self",)).filter(pk=link.pk).first()
    if locked is None:
        raise NotFound("no_such_link", "This link does not exist any more.")
    return locked


def _refuse_if_taken(link: Link, remote_id: str) -> None:
    of_account = Link.objects.filter(system=link.system_id, object_class=link.object_class, remote_id=remote_id)
    other = of_account.exclude(pk=link.pk).first()
    if other is not None:
        raise Conflict("account_taken", f"This account belongs to {other.object_name}.", field="remote_id")


def _read(link: Link, remote_id: str) -> RemoteObject:
    try:
        with session(link.system) as opened:
            return opened.connector.get(ObjectClass(link.object_class), remote_id)
    except Gone as error:
        raise NotFound("no_such_account", f"There is no account with the id {remote_id}.", field="remote_id") from error
    except (ConnectorError, Defect) as error:
        raise RuleViolation("system_cannot_be_asked", error.message, detail=error.detail) from error


def _converge(link: Link, actor: Actor) -> None:
    """The object itself, and whoever refers to it."""
    kind, cause, lane = ObjectType(link.object_type), f"matched by {actor.name}", Lane.INTERACTIVE
    enqueue(link.system_id, kind, [link.object_id], lane=lane, cause=cause, correlation_id=actor.correlation_id)
    concerned = dependents_of(link.system, kind, link.object_id, had_reference=True)
    ring(link.system_id, concerned, lane=lane, cause=cause, correlation_id=actor.correlation_id)
    outbox.ring()
