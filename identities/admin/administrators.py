"""Administrators and their roles. Only superusers come here."""

import secrets
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group as AdministratorRole
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from identities.actions import administrators, credentials, lifecycle
from identities.actions.batches import all_of
from identities.admin.action_admin import ActionModelAdmin, ReadOnlyAdmin, RefusableForm, actor_of
from identities.admin.object_actions import ObjectAction, ReasonForm
from identities.admin.second_factor import REMOVE_SECOND_FACTOR
from identities.admin.shown_once import shown_once
from identities.models import Administrator
from identities.vocabulary import Role

# Django registers its own page for the model when `django.contrib.auth` is loaded, before ours.
if admin.site.is_registered(AdministratorRole):
    admin.site.unregister(AdministratorRole)
# A group of people is something else here.
AdministratorRole._meta.verbose_name = gettext_lazy("administrator role")
AdministratorRole._meta.verbose_name_plural = gettext_lazy("administrator roles")


UNGUESSABLE_BYTES: Final = 32
_VERBS: Final = {
    "view": gettext_lazy("see"),
    "add": gettext_lazy("add"),
    "change": gettext_lazy("change"),
    "delete": gettext_lazy("delete"),
}


class AdministratorForm(RefusableForm):
    """A new administrator, or the role of one."""

    user_name = forms.CharField(label=gettext_lazy("User name"), max_length=255, widget=UnfoldAdminTextInputWidget())
    role = forms.ChoiceField(
        label=gettext_lazy("Role"), choices=[(role, role) for role in Role], widget=UnfoldAdminSelectWidget()
    )

    class Meta:
        model = Administrator
        fields = ("user_name", "role")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.user_name:
            self.fields["user_name"].disabled = True
            self.initial["role"] = administrators.role_of(self.instance)


def _one_time_password(request: HttpRequest, user: Administrator, cleaned: dict[str, Any]) -> HttpResponse:
    password = credentials.issue_one_time_password(user, actor=actor_of(request))
    return shown_once(request, user, _("One-time password of %(person)s") % {"person": user.user_name}, password)


def _suspend(request: HttpRequest, user: Administrator, cleaned: dict[str, Any]) -> str:
    lifecycle.suspend_user(user.pk, actor=actor_of(request), reason=cleaned["reason"])
    return _("%(person)s is suspended.") % {"person": user}


def _lift(request: HttpRequest, user: Administrator, cleaned: dict[str, Any]) -> str:
    lifecycle.lift_suspension(user.pk, actor=actor_of(request))
    return _("The suspension of %(person)s is lifted.") % {"person": user}


@admin.register(Administrator)
class AdministratorAdmin(ActionModelAdmin):
    """Who administers the portal, and with which role."""

    form = AdministratorForm
    list_display = ("user_name", "role", "active", "last_login")
    ordering = ("user_name_key",)
    search_fields = ("user_name_key",)
    deletion_words = gettext_lazy("Sessions end at once. The last superuser cannot be deleted.")
    fields = ("user_name", "role")
    object_actions = (
        ObjectAction(
            "password",
            gettext_lazy("One-time password"),
            gettext_lazy("Makes a password to sign in with once. It is shown to you now and never again."),
            _one_time_password,
        ),
        REMOVE_SECOND_FACTOR,
        ObjectAction(
            "suspend",
            gettext_lazy("Suspend"),
            gettext_lazy("Sessions end at once. The last superuser cannot be suspended."),
            _suspend,
            form=ReasonForm,
            offered=lambda user: user.active,
            dangerous=True,
        ),
        ObjectAction(
            "lift",
            gettext_lazy("Lift the suspension"),
            gettext_lazy("The administrator may sign in again."),
            _lift,
            offered=lambda user: not user.active,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Operators with their roles."""
        return super().get_queryset(request).prefetch_related("groups")

    def object_buttons(self, request: HttpRequest, obj: Administrator) -> list[dict[str, Any]]:
        """The buttons; whoever lost the own second factor cannot be here."""
        buttons = super().object_buttons(request, obj)
        own = obj.pk == request.user.pk
        return [each for each in buttons if not (own and each["action"] is REMOVE_SECOND_FACTOR)]

    @admin.display(description=gettext_lazy("Role"))
    def role(self, user: Administrator) -> str:
        """The one role an administrator has."""
        names = [role.name for role in user.groups.all()]
        return Role.SUPERUSER.value if user.is_superuser else next(iter(names), "-")

    def write(self, request: HttpRequest, form: Any, formsets: list[Any], change: bool) -> Any:
        """Create with a password nobody knows (a one-time password is issued from the record), or set the role."""
        actor, role = actor_of(request), Role(form.cleaned_data["role"])
        if change:
            return administrators.set_role(form.instance.pk, role, actor=actor)
        password = secrets.token_urlsafe(UNGUESSABLE_BYTES)
        return administrators.create_operator(form.cleaned_data["user_name"], password, role, actor=actor)

    def response_add(self, request: HttpRequest, obj: Administrator, post_url_continue: Any = None) -> HttpResponse:
        """On to the new administrator's page, where the one-time password is made."""
        words = _("%(person)s is added. Make a one-time password to sign in with.") % {"person": obj.user_name}
        self.message_user(request, words, "SUCCESS")
        return self.redirect_to(obj.pk)

    def remove(self, request: HttpRequest, objects: Any, reason: str = "") -> None:
        """Delete administrators; the last superuser stays."""
        all_of(lifecycle.delete_users_many([user.pk for user in objects], actor=actor_of(request, reason)))


@admin.register(AdministratorRole)
class AdministratorRoleAdmin(ReadOnlyAdmin):
    """What each role may do. Roles come with the portal."""

    list_display = ("name",)
    fields = ("name", "may")
    readonly_fields = fields

    @admin.display(description=gettext_lazy("May"))
    def may(self, role: AdministratorRole) -> str:
        """The permissions in words."""
        permissions = role.permissions.select_related("content_type").order_by("content_type__model", "codename")
        allowed: dict[str, list[str]] = {}
        for permission in permissions:
            verb = permission.codename.partition("_")[0]
            model = permission.content_type.model_class()
            name = str(model._meta.verbose_name_plural) if model else permission.content_type.model
            allowed.setdefault(name, []).append(_VERBS.get(verb, verb))
        rows = ((name[:1].upper() + name[1:], ", ".join(map(str, verbs))) for name, verbs in sorted(allowed.items()))
        return format_html_join("", "<div><strong>{}</strong>: {}</div>", rows) or "-"
