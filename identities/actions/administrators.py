"""Administrators: operators of the portal and their roles."""

from typing import Final
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group as AdministratorRole
from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from identities import audit
from identities.actions.credentials import check_password_strength
from identities.actions.guards import check_superuser, check_superuser_stays
from identities.actions.user_changes import lock_users, present, user_id_of
from identities.actions.users.arguments import NewUser, OperatorAccess, UserAttributes
from identities.actions.users.create import create_users_many
from identities.actors import Actor
from identities.errors import IdentityError, RuleViolation
from identities.models import User
from identities.vocabulary import Role, UserKind, Verb

APPS: Final = ("identities", "connectors")
# Operators see these and leave them to superusers or to the portal itself.
VIEW_ONLY_FOR_OPERATORS: Final = frozenset(
    {
        "administrator",
        "apiclient",
        "apitoken",
        "auditentry",
        "auditseal",
        "changeevent",
        "clientrequest",
        "delivery",
        "selftest",
    }
)


def create_operator(
    user_name: str, password: str, role: Role, *, actor: Actor, must_change_password: bool = True
) -> User:
    """Create an administrator who signs in with a password.

    Raises:
        RuleViolation: `weak_password`, or a name that is not allowed. Conflict: `user_name_taken`.
        NotPermitted: `operator_protected`: only superusers and the command line may.
    """
    check_password_strength(password, User(user_name=user_name))
    access = OperatorAccess(make_password(password), must_change_password, role)
    row = NewUser(UserAttributes({"user_name": user_name}), UserKind.OPERATOR, access=access)
    with transaction.atomic():
        [result] = create_users_many([row], actor=actor)
        if isinstance(result, IdentityError):
            raise result
        _put_in_role(result, role, actor)
    return result


def set_role(user: User | UUID, role: Role, *, actor: Actor) -> User:
    """Give an administrator another role. Nothing happens if it is the same.

    Raises:
        NotFound. RuleViolation: `not_an_operator`, `last_superuser`.
        NotPermitted: `operator_protected`: only superusers and the command line may.
    """
    check_superuser(actor)
    with transaction.atomic():
        pk = user_id_of(user)
        found = present(lock_users([pk]), pk)
        if found.kind != UserKind.OPERATOR:
            raise RuleViolation("not_an_operator", _("Only administrators have a role."), field="role")
        before = role_of(found)
        if before == role:
            return found
        if role != Role.SUPERUSER:
            check_superuser_stays(found, (found.pk,))
        found.is_superuser = role == Role.SUPERUSER
        found.save(update_fields=["is_superuser"])
        _put_in_role(found, role, actor)
        audit.record(Verb.USER_ROLE_CHANGED, found, actor=actor, changes={"role": (before, role)})
    return found


def role_of(user: User) -> Role | None:
    """The role of an administrator; None for everybody else."""
    if user.is_superuser:
        return Role.SUPERUSER
    names = set(user.groups.values_list("name", flat=True))
    return next((role for role in (Role.OPERATOR, Role.AUDITOR) if role in names), None)


def ensure_roles(*, actor: Actor) -> dict[Role, AdministratorRole]:
    """Make sure that the roles operator and auditor exist and permit what they should, also after an update brought
    new models.

    An auditor may view everything. An operator may also change everything but administrators, API clients and the
    audit trail.
    """
    everything = Permission.objects.filter(content_type__app_label__in=APPS)
    viewing = Q(codename__startswith="view_")
    permitted = {
        Role.AUDITOR: everything.filter(viewing),
        Role.OPERATOR: everything.filter(viewing | ~Q(content_type__model__in=VIEW_ONLY_FOR_OPERATORS)),
    }
    roles: dict[Role, AdministratorRole] = {}
    with transaction.atomic():
        for role, permissions in permitted.items():
            roles[role], _created = AdministratorRole.objects.get_or_create(name=role)
            _permit(roles[role], set(permissions.values_list("pk", flat=True)), actor)
    return roles


def _permit(role: AdministratorRole, wanted: set[int], actor: Actor) -> None:
    before = set(role.permissions.values_list("pk", flat=True))
    if before != wanted:
        role.permissions.set(wanted)
        changes = {"permissions": (len(before), len(wanted))}
        audit.record(Verb.ROLES_CHANGED, role, actor=actor, changes=changes)


def _put_in_role(user: User, role: Role, actor: Actor) -> None:
    roles = ensure_roles(actor=actor)
    user.groups.set([roles[role]] if role in roles else [])
