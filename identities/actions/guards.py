"""Who may touch whom: administrators are out of reach for everything but administrators."""

from collections.abc import Collection
from uuid import UUID

from django.contrib.auth.models import Group as AdministratorRole
from django.utils.translation import gettext as _

from identities.actors import ADMIN_ORIGIN, CLOCK_ORIGIN, SELF_ORIGIN, Actor
from identities.errors import NotPermitted, RuleViolation
from identities.models import User
from identities.rules.ownership import may_write
from identities.vocabulary import Channel, Role, UserKind


def check_may_touch(user: User, actor: Actor) -> None:
    """Refuse changes of an operator or a service by anybody but themselves, a superuser or the command line.

    Raises:
        NotPermitted: code `operator_protected`.
    """
    if user.kind == UserKind.PERSON or actor.origin == CLOCK_ORIGIN:
        return
    if actor.origin in (SELF_ORIGIN, ADMIN_ORIGIN) and actor.user_id == user.pk and user.pk is not None:
        return
    check_superuser(actor)


def check_superuser(actor: Actor) -> None:
    """Refuse anybody but a superuser or the command line (raises NotPermitted, code `operator_protected`)."""
    if actor.origin == ADMIN_ORIGIN:
        if actor.channel == Channel.COMMAND:
            return
        if User.objects.filter(pk=actor.user_id, is_superuser=True, active=True, deleted_at=None).exists():
            return
    raise NotPermitted("operator_protected", _("Only a superuser may change administrators."))


def check_lifecycle(default_origin: str, actor: Actor) -> None:
    """Refuse to end or resume the life of an object whose lifecycle belongs to an origin that ranks above the actor's.

    Raises:
        NotPermitted: code `lifecycle_owned`, with the owner.
    """
    if not may_write(actor.origin, default_origin):
        message = _("This belongs to %(owner)s, which alone may create, end and delete it.") % {"owner": default_origin}
        raise NotPermitted("lifecycle_owned", message, owner=default_origin)


def check_superuser_stays(user: User, leaving: Collection[UUID]) -> None:
    """Refuse to take the last superuser away.

    Args:
        leaving: everybody who goes in the same transaction.

    Raises:
        RuleViolation: code `last_superuser`.
    """
    if not (user.is_superuser and user.active):
        return
    # One row stands for all superusers: whoever removes one waits here, after locking those who leave, so that two
    # superusers neither remove each other nor wait for each other.
    AdministratorRole.objects.select_for_update(no_key=True).get(name=Role.AUDITOR)
    staying = User.objects.filter(is_superuser=True, active=True, deleted_at=None).exclude(pk__in=list(leaving))
    if not staying.exists():
        raise RuleViolation("last_superuser", _("This is the last superuser. Make somebody else a superuser first."))
