"""People: list, record, and what can be done to one."""

from collections import defaultdict
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.decorators import display

from identities.actions import lifecycle
from identities.actions.batches import all_of
from identities.actions.users import UserAttributes, create_user, update_user
from identities.admin.action_admin import ActionModelAdmin, actor_of
from identities.admin.object_actions import Fact, ObjectAction
from identities.admin.origins import OriginNames
from identities.admin.override import override_of
from identities.admin.user_actions import USER_ACTIONS
from identities.admin.user_form import (
    CUSTOM_FIELD,
    FIELDSETS,
    MultiValueForm,
    MultiValueFormSet,
    UserForm,
    attribute_in_words,
    custom_fields,
    custom_labels,
)
from identities.admin.words import in_words, moment_in_words
from identities.canonical import fold
from identities.errors import IdentityError, RuleViolation
from identities.filters.parse import parse
from identities.filters.query import to_q
from identities.models import MultiValue, User
from identities.queries.org_tree import org_paths, path_in_words

STATE_COLOURS = {
    "active": "success",
    "suspended": "warning",
    "staged": "info",
    "deprovisioned": "danger",
    "deleted": "danger",
}
FILTER_WORDS = (" eq ", " ne ", " co ", " sw ", " ew ", " gt ", " ge ", " lt ", " le ", " pr")


class DeletedFilter(admin.SimpleListFilter):
    """Present people, or deleted ones to be restored."""

    title = gettext_lazy("deleted")
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The one choice beside the default."""
        return [("yes", _("Deleted people"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[User]") -> "QuerySet[User]":
        """Deleted people only when asked."""
        return queryset.filter(deleted_at__isnull=self.value() != "yes")


class MultiValueInline(TabularInline):
    """E-mail addresses, phone numbers and the like; addresses and certificates are kept but not edited here."""

    model = MultiValue
    form = MultiValueForm
    formset = MultiValueFormSet
    extra = 0
    fields = ("attribute", "value", "type", "primary")
    verbose_name = gettext_lazy("address or number")
    verbose_name_plural = gettext_lazy("addresses and numbers")
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> "QuerySet[MultiValue]":
        """Only the kinds this page edits."""
        kinds = dict(MultiValueForm.base_fields["attribute"].choices)  # type: ignore[attr-defined]
        return super().get_queryset(request).filter(attribute__in=kinds)


@admin.register(User)
class UserAdmin(ActionModelAdmin):
    """Persons. Operators have a list of their own."""

    form = UserForm
    inlines = (MultiValueInline,)
    object_actions: tuple[ObjectAction, ...] = USER_ACTIONS
    list_display = ("person", "user_name", "title", "department", "org_unit", "status", "source")
    list_filter = ("state", "active", DeletedFilter)
    list_select_related = ("org_unit",)
    search_fields = ("user_name_key", "display_name_key", "family_name_key", "given_name_key", "employee_number_key")
    search_help_text = gettext_lazy(
        'Names, user name or employee number; or a filter such as department eq "Sales" and active eq true'
    )
    autocomplete_fields = ("manager", "org_unit")
    ordering = ("user_name_key", "id")
    actions = ("suspend_chosen", "lift_chosen", "restore_chosen")
    empty_words = gettext_lazy("People come by an import, from an API client, or are added here by hand.")
    deletion_words = gettext_lazy(
        "The person disappears from every list and for every API client, and the accounts go as each system's policy "
        "says. Until the person is purged, they can be restored from the list of deleted people."
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[User]":
        """Persons; `DeletedFilter` decides about deleted ones on the list."""
        return super().get_queryset(request).filter(kind="person").prefetch_related("suspensions")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """A SCIM filter where the text is one, otherwise every word at the start or inside a name."""
        if request.path.endswith("/autocomplete/"):
            queryset = queryset.filter(deleted_at__isnull=True)
        if any(word in f"{search_term} ".lower() for word in FILTER_WORDS):
            try:
                return queryset.filter(to_q(parse(search_term, "User"), "User")), False
            except RuleViolation as refusal:
                self.message_user(request, refusal.message, "ERROR")
                return queryset.none(), False
        for word in fold(search_term).split():
            found = Q()
            for name in self.search_fields:
                found |= Q(**{f"{name}__contains": word})
            queryset = queryset.filter(found)
        return queryset, False

    # List -----------------------------------------------------------------------------------------------------------

    @display(description=gettext_lazy("Name"), ordering="display_name_key")
    def person(self, user: User) -> str:
        """The name for people."""
        return user.name_for_people

    @display(description=gettext_lazy("State"), label=STATE_COLOURS)
    def status(self, user: User) -> tuple[str, str]:
        """State, or what overrides it."""
        if user.deleted_at:
            return "deleted", _("deleted")
        if user.suspensions.all():
            return "suspended", _("suspended")
        return user.state, in_words(user.state)

    @display(description=gettext_lazy("Source"))
    def source(self, user: User) -> str:
        """Who asserted this person."""
        return self._names.name(user.default_origin)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The list, with the names of origins read once."""
        self._names = OriginNames()
        return super().changelist_view(request, extra_context)

    @admin.action(description=gettext_lazy("Suspend"), permissions=["change"])
    def suspend_chosen(self, request: HttpRequest, queryset: "QuerySet[User]") -> HttpResponse | None:
        """Suspend the chosen people, once the reason is given."""

        def perform(cleaned: dict[str, Any]) -> None:
            done = lifecycle.suspend_users_many(list(queryset), actor=actor_of(request), reason=cleaned["reason"])
            self._tell(request, done, _("%(number)d people are suspended."))

        return self.ask_about_chosen(request, queryset, "suspend", perform)

    @admin.action(description=gettext_lazy("Lift the suspension"), permissions=["change"])
    def lift_chosen(self, request: HttpRequest, queryset: "QuerySet[User]") -> HttpResponse | None:
        """Lift the administrators' suspension of the chosen people, once that is confirmed."""

        def perform(cleaned: dict[str, Any]) -> None:
            done = lifecycle.lift_suspensions_many(list(queryset), actor=actor_of(request))
            self._tell(request, done, _("The suspension of %(number)d people is lifted."))

        return self.ask_about_chosen(request, queryset, "lift", perform)

    @admin.action(description=gettext_lazy("Restore"), permissions=["change"])
    def restore_chosen(self, request: HttpRequest, queryset: "QuerySet[User]") -> HttpResponse | None:
        """Bring the chosen people back, as far as nobody has their names, once that is confirmed."""

        def perform(cleaned: dict[str, Any]) -> None:
            done = lifecycle.restore_users_many(list(queryset), actor=actor_of(request))
            self._tell(request, done, _("%(number)d people are there."))

        return self.ask_about_chosen(request, queryset, "restore", perform)

    def _tell(self, request: HttpRequest, results: list[Any], done: str) -> None:
        refusals = [result for result in results if isinstance(result, IdentityError)]
        for refusal in refusals[:5]:
            self.message_user(request, refusal.message, "ERROR")
        if len(results) > len(refusals):
            self.message_user(request, done % {"number": len(results) - len(refusals)}, "SUCCESS")

    # Record ---------------------------------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Record and, where there are any, custom attributes."""
        custom = [name for name in self._custom(request) if name.startswith(CUSTOM_FIELD)]
        return [*FIELDSETS, (_("Custom attributes"), {"fields": custom})] if custom else FIELDSETS

    def object_facts(self, request: HttpRequest, obj: User) -> list[Fact]:
        """How the person stands, since when and by whom."""
        state, words = self.status(obj)
        level = {"active": "good", "staged": "wait", "suspended": "wait"}.get(state, "bad")
        facts = [Fact(_("State"), words, level=level), Fact(_("Source"), OriginNames().name(obj.default_origin))]
        if state == "deprovisioned":
            facts.append(Fact(_("Left"), _("by the end date") if obj.left_by_date else _("by hand: no date undoes it")))
        if path := org_paths([obj.org_unit_id] if obj.org_unit_id else []).get(obj.org_unit_id):
            unit = reverse("admin:identities_orgunit_change", args=[obj.org_unit_id])
            facts.append(Fact(_("Org unit"), path_in_words(path), unit))
        names = OriginNames()
        for each in obj.suspensions.all():
            by = names.name(each.origin)
            facts.append(Fact(_("Suspended by"), f"{by}: {each.reason}" if each.reason else by))
        if obj.deleted_at:
            facts.append(Fact(_("Deleted"), moment_in_words(obj.deleted_at)))
        return facts

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form with a field for each custom attribute."""
        form = type("UserForm", (UserForm,), self._custom(request))
        return super().get_form(request, obj, change=change, **{**kwargs, "form": form})

    def _custom(self, request: HttpRequest) -> dict[str, Any]:
        if not hasattr(request, "_portal_custom_fields"):
            request._portal_custom_fields = custom_fields()  # type: ignore[attr-defined]
        return request._portal_custom_fields  # type: ignore[attr-defined,no-any-return]

    def write(self, request: HttpRequest, form: Any, formsets: list[Any], change: bool) -> User:
        """Create or update by the action."""
        actor = actor_of(request)
        multi_values = _multi_values(formsets)
        if not change:
            values = {name: value for name, value in form.changes().items() if value not in (None, "")}
            return create_user(actor=actor, attributes=UserAttributes(values, multi_values))
        changes = form.changes()
        if not changes and not multi_values:
            return form.instance  # type: ignore[no-any-return]
        return update_user(
            form.instance.pk, actor=actor, changes=changes, multi_values=multi_values, mode="refuse"
        ).user

    def remove(self, request: HttpRequest, objects: "QuerySet[User]", reason: str = "") -> None:
        """Delete people; they can be restored until they are purged."""
        all_of(lifecycle.delete_users_many(list(objects), actor=actor_of(request, reason)))

    # Override -------------------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """One more page: overriding a value that somebody else owns."""
        view = self.admin_site.admin_view(self.override_view)
        return [
            path("<path:object_id>/override/<str:attribute>/", view, name="identities_user_override"),
            *super().get_urls(),
        ]

    def override_view(self, request: HttpRequest, object_id: str, attribute: str) -> HttpResponse:
        """Set one value whoever owns it, with a reason."""
        user = self.object_or_404(request, object_id)
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        override = override_of(user, attribute, request.POST if request.method == "POST" else None)
        form = override.form
        if form.is_valid() and override.write(actor_of(request)):
            self.message_user(request, _("The value is yours now."), messages.SUCCESS)
            return HttpResponseRedirect(self.change_url(user.pk))
        name = attribute_in_words(override.attribute, custom_labels())
        form.say_whose(override.attribute, name)
        question = _("%(source)s says otherwise; from then on administrators own the value and no source changes it.")
        words = question % {"source": OriginNames().name(override.owner)}
        context = {
            **self._object_context(request, user),
            "action": {
                "title": _("Override %(attribute)s") % {"attribute": name},
                "question": words[:1].upper() + words[1:],
            },
            "form": form,
        }
        return TemplateResponse(request, "admin/object_action.html", context)


def _multi_values(formsets: list[Any]) -> dict[str, list[dict[str, Any]]]:
    """The multi-valued attributes that were edited, each whole: the action takes what is named as all there is."""
    edited = [formset for formset in formsets if formset.model is MultiValue and formset.has_changed()]
    whole: dict[str, list[dict[str, Any]]] = defaultdict(list)
    touched: set[str] = set()
    for form in (form for formset in edited for form in formset.forms):
        cleaned = form.cleaned_data
        if not cleaned or "attribute" not in cleaned:
            continue
        if form.has_changed() or cleaned.get("DELETE"):
            touched |= {cleaned["attribute"], form.initial.get("attribute", cleaned["attribute"])}
        if not cleaned.get("DELETE"):
            whole[cleaned["attribute"]].append(
                {
                    "value": cleaned["value"],
                    "type": cleaned["type"],
                    "primary": cleaned["primary"],
                    "display": form.instance.display,
                    "data": form.instance.data,
                }
            )
    return {name: whole.get(name, []) for name in touched}
