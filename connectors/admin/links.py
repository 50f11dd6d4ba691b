"""Links: who is who on which system; cut and matched by hand."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from connectors.actions import links
from connectors.admin.chosen import EachOfChosen
from connectors.admin.explain_page import explain_url
from connectors.admin.subjects import subject_url
from connectors.admin.words import LINK_LEVELS
from connectors.engine.decide.values import displayed
from connectors.engine.known_values import recalled
from connectors.models import Link
from connectors.vocabulary import LinkState
from identities.admin.action_admin import actor_of
from identities.admin.object_actions import Fact, ObjectAction, ReasonForm
from identities.admin.words import in_words

COLOURS = {
    LinkState.LINKED: "success",
    LinkState.PENDING: "info",
    LinkState.DISPUTED: "danger",
    LinkState.REMOVED: "warning",
}


class MatchForm(ReasonForm):
    """The account that belongs to this person."""

    remote_id = forms.CharField(
        label=gettext_lazy("Remote id"),
        max_length=255,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("The account's own id in the system (entryUUID, SCIM id, primary key)."),
    )
    field_order = ("remote_id", "reason")


def _unlink(request: HttpRequest, link: Link, cleaned: dict[str, Any]) -> str:
    links.unlink(link, actor=actor_of(request, cleaned["reason"]))
    return _("The link is cut; the account was left as it is.")


def _match(request: HttpRequest, link: Link, cleaned: dict[str, Any]) -> str:
    links.match_by_hand(link, cleaned["remote_id"], actor=actor_of(request, cleaned["reason"]))
    return _("The account is matched; it is brought up to date now.")


@admin.register(Link)
class LinkAdmin(EachOfChosen):
    """The ties between people and groups here and their accounts there."""

    is_edited = False
    list_display = ("object_name", "system", "status", "remote_name", "enabled", "synchronised_at")
    list_filter = ("state", "system", "object_type", "adopted")
    list_select_related = ("system",)
    search_fields = ("object_name", "remote_name", "remote_id")
    ordering = ("-id",)
    empty_words = gettext_lazy("Links appear when people and groups meet their accounts on a connected system.")
    fields = (
        "subject",
        "system",
        "remote_name",
        "remote_id",
        "reference",
        "enabled",
        "correlation_key",
        "adopted",
        "unresolved",
        "linked_at",
        "synchronised_at",
        "known_values",
    )
    readonly_fields = fields
    actions = ("unlink_chosen",)
    object_actions = (
        ObjectAction(
            "unlink",
            gettext_lazy("Unlink"),
            gettext_lazy("The tie is cut and the account stays as it is. It is not matched again by itself."),
            _unlink,
            form=ReasonForm,
            offered=lambda link: link.state == LinkState.LINKED,
            dangerous=True,
        ),
        ObjectAction(
            "match",
            gettext_lazy("Match by hand"),
            gettext_lazy("Say which account belongs to this person or group. Refused if it belongs to another one."),
            _match,
            form=MatchForm,
            offered=lambda link: link.state != LinkState.LINKED,
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Links come from provisioning."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Links are cut, not deleted."""
        return False

    @admin.action(description=gettext_lazy("Unlink"), permissions=["change"])
    def unlink_chosen(self, request: HttpRequest, queryset: "QuerySet[Link]") -> HttpResponse | None:
        """Cut the chosen ties."""
        return self.do_to_each(request, queryset, "unlink", links.unlink)

    @admin.display(description=gettext_lazy("Person or group"))
    def subject(self, link: Link) -> str:
        """A link to whom it is about."""
        url = subject_url(link.object_type, link.object_id)
        return format_html('<a href="{}">{}</a>', url, link.object_name)

    @display(description=gettext_lazy("State"), label=COLOURS)
    def status(self, link: Link) -> tuple[str, str]:
        """The state in colour."""
        return link.state, in_words(link.state)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Link]":
        """Links with their systems, whose names stand in their titles."""
        return super().get_queryset(request).select_related("system")

    def object_facts(self, request: HttpRequest, obj: Link) -> list[Fact]:
        """How the link stands."""
        return [
            Fact(_("State"), in_words(obj.state), level=LINK_LEVELS[LinkState(obj.state)] or "plain"),
            _explained(obj),
        ]

    @admin.display(description=gettext_lazy("Last known values"))
    def known_values(self, link: Link) -> str:
        """What was last written or read."""
        known = recalled(link.known)
        concealed = {name: _("set, not shown") for name in known.fingerprints}
        shown = {name: displayed(values) for name, values in known.values.items()}
        rows = sorted({**shown, **concealed}.items())
        return format_html_join("", "<div><strong>{}</strong>: {}</div>", rows) or "-"


def _explained(obj: Link) -> Fact:
    url = explain_url(obj.system_id, obj.object_type, obj.object_id)
    return Fact(_("Explain"), _("why, and what happens next"), url)
