"""What can be done to one person beside editing the record."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from identities.actions import credentials, lifecycle
from identities.actors import ADMIN_ORIGIN
from identities.admin.action_admin import actor_of
from identities.admin.object_actions import ObjectAction, ReasonForm
from identities.admin.release import may_own_values, release, release_form
from identities.admin.second_factor import REMOVE_SECOND_FACTOR
from identities.admin.shown_once import shown_once
from identities.models import User
from identities.vocabulary import UserState


def _suspend(request: HttpRequest, user: User, cleaned: dict[str, Any]) -> str:
    lifecycle.suspend_user(user, actor=actor_of(request), reason=cleaned["reason"])
    return _("%(person)s is suspended, and every account with them.") % {"person": user}


def _lift(request: HttpRequest, user: User, cleaned: dict[str, Any]) -> str:
    lifecycle.lift_suspension(user, actor=actor_of(request))
    return _("The administrators' suspension of %(person)s is lifted.") % {"person": user}


def _lift_all(request: HttpRequest, user: User, cleaned: dict[str, Any]) -> str:
    lifecycle.lift_suspension(user, actor=actor_of(request, cleaned["reason"]), all_origins=True)
    return _("Nobody suspends %(person)s any more.") % {"person": user}


def _activate(request: HttpRequest, user: User, cleaned: dict[str, Any]) -> str:
    lifecycle.activate_user(user, actor=actor_of(request, cleaned["reason"]))
    return _("%(person)s is active.") % {"person": user}


def _deprovision(request: HttpRequest, user: User, cleaned: dict[str, Any]) -> str:
    lifecycle.deprovision_user(user, actor=actor_of(request, cleaned["reason"]))
    return _("%(person)s has left.") % {"person": user}


def _restore(request: HttpRequest, user: User, cleaned: dict[str, Any]) -> str:
    lifecycle.restore_user(user, actor=actor_of(request))
    return _("%(person)s is restored.") % {"person": user}


def _one_time_password(request: HttpRequest, user: User, cleaned: dict[str, Any]) -> HttpResponse:
    password = credentials.issue_one_time_password(user, actor=actor_of(request))
    return shown_once(request, user, _("One-time password of %(person)s") % {"person": user}, password)


def _suspended_by_admin(user: User) -> bool:
    return any(each.origin == ADMIN_ORIGIN for each in user.suspensions.all())


def _suspended_by_others(user: User) -> bool:
    return any(each.origin != ADMIN_ORIGIN for each in user.suspensions.all())


USER_ACTIONS: Final = (
    ObjectAction(
        "suspend",
        gettext_lazy("Suspend"),
        gettext_lazy("Sessions end at once and every account is disabled, until the suspension is lifted."),
        _suspend,
        form=ReasonForm,
        offered=lambda user: user.deleted_at is None and not _suspended_by_admin(user),
        dangerous=True,
    ),
    ObjectAction(
        "lift",
        gettext_lazy("Lift the suspension"),
        gettext_lazy("Only the administrators' own suspension is lifted; others may still stand."),
        _lift,
        offered=lambda user: user.deleted_at is None and _suspended_by_admin(user),
    ),
    ObjectAction(
        "lift_all",
        gettext_lazy("Lift every suspension"),
        gettext_lazy("Those of API clients and files too, which may suspend again. The reason is kept."),
        _lift_all,
        form=ReasonForm,
        offered=lambda user: user.deleted_at is None and _suspended_by_others(user),
        dangerous=True,
    ),
    ObjectAction(
        "activate",
        gettext_lazy("Activate"),
        gettext_lazy("The person starts now, whatever the dates say."),
        _activate,
        form=ReasonForm,
        offered=lambda user: user.deleted_at is None and user.state in (UserState.STAGED, UserState.DEPROVISIONED),
    ),
    ObjectAction(
        "deprovision",
        gettext_lazy("Deprovision"),
        gettext_lazy("The person leaves now: accounts are removed as each system's policy says."),
        _deprovision,
        form=ReasonForm,
        offered=lambda user: user.deleted_at is None and user.state == UserState.ACTIVE,
        dangerous=True,
    ),
    ObjectAction(
        "release",
        gettext_lazy("Let go"),
        gettext_lazy("The values stay as they are; the next source that writes one of them owns it."),
        release,
        form_for=release_form,
        offered=may_own_values,
    ),
    ObjectAction(
        "restore",
        gettext_lazy("Restore"),
        gettext_lazy("The person is as before the deletion; refused if the user name is taken by now."),
        _restore,
        offered=lambda user: user.deleted_at is not None,
    ),
    ObjectAction(
        "password",
        gettext_lazy("One-time password"),
        gettext_lazy("Makes a password to sign in with once. It is shown to you now and never again."),
        _one_time_password,
        offered=lambda user: user.deleted_at is None and user.active,
    ),
    REMOVE_SECOND_FACTOR,
)
