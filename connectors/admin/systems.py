"""Connected systems: configuration, health, and what can be done to one."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from connectors import registry, vault
from connectors.actions import systems
from connectors.admin.configuration_form import PREFIX, configuration_fields, groups_of
from connectors.admin.explain_page import ExplainPages
from connectors.admin.overview import system_overview
from connectors.admin.system_actions import SYSTEM_ACTIONS
from connectors.admin.system_form import LIMIT_FIELDS, POLICY_FIELDS, SCOPE_FIELDS, SystemForm
from connectors.admin.words import health_in_words
from connectors.models import ConnectedSystem
from connectors.spi import Configuration
from connectors.vocabulary import BreakerState, LinkState, SystemState
from identities.admin.action_admin import actor_of
from identities.admin.history import history
from identities.admin.object_actions import Fact
from identities.admin.sections import Section, sections
from identities.admin.words import in_words, moment_in_words

KIND = "connector"
WHAT_FOR = {
    "ldap": gettext_lazy("OpenLDAP and other directories: people and groups as entries."),
    "scim": gettext_lazy("Applications that take people and groups by SCIM 2.0."),
    "sql": gettext_lazy("Tables of people, groups and members in SQLite or PostgreSQL."),
}


@admin.register(ConnectedSystem)
class ConnectedSystemAdmin(ExplainPages):
    """One configured remote system. Created paused."""

    form = SystemForm
    change_form_template = "admin/connectors/system_change_form.html"
    list_display = ("name", "kind", "status", "linked", "last_answer")
    search_fields = ("name",)
    autocomplete_fields = ("scope_groups", "scope_org_units")
    object_actions = SYSTEM_ACTIONS
    empty_words = gettext_lazy(
        "A connected system gets accounts from the portal. Connect the first one: it is created paused, and what it "
        "would get is shown before anything is written to it."
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ConnectedSystem]":
        """Systems with the number of their links."""
        linked = Count("links", filter=Q(links__state=LinkState.LINKED))
        return super().get_queryset(request).annotate(number_linked=linked)

    @admin.display(description=gettext_lazy("Connector"))
    def kind(self, system: ConnectedSystem) -> str:
        """The kind of system in words."""
        return registry.connector(system.connector).title

    @display(
        description=gettext_lazy("State"), label={"running": "success", "paused": "warning", "not_reachable": "danger"}
    )
    def status(self, system: ConnectedSystem) -> tuple[str, str]:
        """State, or that it cannot be reached."""
        if system.state == SystemState.RUNNING and system.breaker != BreakerState.CLOSED:
            return "not_reachable", _("not reachable")
        return system.state, in_words(system.state)

    @admin.display(description=gettext_lazy("Last answer"), ordering="last_success_at")
    def last_answer(self, system: ConnectedSystem) -> str:
        """When it last did what it was asked for."""
        return moment_in_words(system.last_success_at) if system.last_success_at else _("never")

    def object_facts(self, request: HttpRequest, obj: ConnectedSystem) -> list[Fact]:
        """How the system fares, with the lists behind it."""
        level, words = health_in_words(obj)
        return [Fact(_("State"), words, level=level), Fact(_("Connector"), self.kind(obj))]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """How the system fares, above its settings."""
        system = self.get_object(request, unquote(object_id))
        may_see = request.user.has_perms(("connectors.view_operation", "connectors.view_link"))  # type: ignore[union-attr]
        shown = system_overview(system) if system and may_see else ""
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "overview": shown})

    @admin.display(description=gettext_lazy("Accounts and groups"))
    def linked(self, system: ConnectedSystem) -> int:
        """How many objects are linked."""
        return system.number_linked  # type: ignore[attr-defined,no-any-return]

    # Form ---------------------------------------------------------------------------------------------------------

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        """First the kind of system, then its form."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if registry.connector(request.GET.get(KIND, "")).connector_class is None:
            choices = [
                {"connector": each, "what_for": WHAT_FOR.get(each.kind, each.kind)}
                for each in registry.connectors().values()
                if each.offered
            ]
            context = {**self.admin_site.each_context(request), "title": _("Connect a system"), "choices": choices}
            return TemplateResponse(request, "admin/connectors/choose_connector.html", context)
        return super().add_view(request, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form with the fields of the connector's configuration."""
        configuration_class = self._configuration_class(request, obj)
        fields = self._configuration_fields(request, obj)
        form = type("SystemForm", (SystemForm,), {**fields, "configuration_class": configuration_class})
        return super().get_form(request, obj, change=change, **{**kwargs, "form": form})

    def get_fieldsets(self, request: HttpRequest, obj: ConnectedSystem | None = None) -> Any:
        """What it is, each heading of the configuration, scope, policies, limits."""
        headings = [
            (heading or _("Connection"), {"fields": names})
            for heading, names in groups_of(self._configuration_fields(request, obj))
        ]
        return [
            (None, {"fields": ("name", "description")}),
            *headings,
            (_("Scope"), {"fields": SCOPE_FIELDS}),
            (_("Policies"), {"fields": POLICY_FIELDS}),
            (_("Work and removals"), {"fields": LIMIT_FIELDS}),
        ]

    def _configuration_class(self, request: HttpRequest, obj: ConnectedSystem | None) -> type[Configuration] | None:
        kind = obj.connector if obj else request.GET.get(KIND, "")
        connector_class = registry.connector(kind).connector_class
        return connector_class.configuration_class if connector_class else None

    def _configuration_fields(self, request: HttpRequest, obj: ConnectedSystem | None) -> dict[str, Any]:
        configuration_class = self._configuration_class(request, obj)
        if configuration_class is None:
            return {}
        stored = obj.configuration if obj else {}
        return configuration_fields(configuration_class, stored, secrets_set=_secrets_set(obj))

    def write(self, request: HttpRequest, form: Any, formsets: list[Any], change: bool) -> ConnectedSystem:
        """Create, paused, or change."""
        actor = actor_of(request)
        configuration, secrets = form.configuration()
        if not change:
            return systems.create_system(
                actor=actor,
                connector=request.GET[KIND],
                configuration=configuration,
                secrets=secrets,
                **form.values(),
            )
        edited = any(name.startswith(PREFIX) for name in form.changed_data)
        changes = {name: value for name, value in form.values().items() if name in form.changed_data}
        if edited:
            changes |= {"configuration": configuration, "secrets": secrets}
        result = systems.update_system(form.instance.pk, actor=actor, changes=changes)
        if result.needs_push and result.system.state == SystemState.RUNNING:
            self.message_user(
                request, _("Push the system so that everybody follows; without it each does at the next change.")
            )
        return result.system

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """The action writes the assignments too."""
        form.instance.pk = self.write(request, form, list(formsets), change).pk

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Systems go by the button that asks what becomes of their accounts."""
        return False

    def response_add(self, request: HttpRequest, obj: ConnectedSystem, post_url_continue: Any = None) -> HttpResponse:
        """On to the new system's page, whose buttons are what comes next."""
        self.message_user(
            request,
            _("%(system)s is connected and paused. Test it, discover what it can hold, then resume it.")
            % {"system": obj},
            "SUCCESS",
        )
        return self.redirect_to(obj.pk)


def _secrets_set(system: ConnectedSystem | None) -> frozenset[str]:
    """Names of the secrets that have a value; never the values."""
    if system is None or not system.sealed_secrets:
        return frozenset()
    try:
        return frozenset(vault.open_sealed(system.sealed_secrets, str(system.pk)))
    except vault.VaultError:
        return frozenset()


sections.register(
    "connectors.ConnectedSystem",
    Section("history", gettext_lazy("History"), "identities.view_auditentry", history, last=True),
)
