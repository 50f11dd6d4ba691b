"""The request log of API clients: a list to search, and each request with what was sent and why it was refused."""

import json
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from identities.admin.action_admin import ReadOnlyAdmin
from identities.admin.note_words import note_in_words
from identities.admin.words import mark, to_the_second
from identities.canonical import fold
from identities.models import AuditEntry, ClientAssociation, ClientRequest, Group, User
from identities.models.client_request import REFUSED_FROM

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
# Whom a search term may mean, and how far a list is counted: nobody turns more pages, and counting all takes long.
MOST_MEANT: Final = 50
MOST_COUNTED: Final = 10_000
SHORT: Final = 120


class CountedInPart(Paginator):  # type: ignore[type-arg]
    """Pages of a long list, which is counted no further than anybody turns them."""

    @cached_property
    def count(self) -> int:
        """How many there are, at most MOST_COUNTED."""
        return self.object_list.order_by()[:MOST_COUNTED].count()  # type: ignore[union-attr]


class OutcomeFilter(admin.SimpleListFilter):
    """What is worth looking at: what was refused, and what was not taken as it was written."""

    title = gettext_lazy("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The choices."""
        return [
            ("refused", _("refused")),
            ("coerced", _("coerced, ignored or kept")),
            ("either", _("either of the two")),
            ("plain", _("done as asked")),
        ]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[ClientRequest]") -> "QuerySet[ClientRequest]":
        """The requests that ended so."""
        refused, coerced = Q(status__gte=REFUSED_FROM), Q(coerced=True)
        chosen = {"refused": refused, "coerced": coerced, "either": refused | coerced, "plain": ~refused & ~coerced}
        return queryset.filter(chosen[self.value()]) if self.value() in chosen else queryset  # type: ignore[index]


class StatusFilter(admin.SimpleListFilter):
    """The class of the answer's status."""

    title = gettext_lazy("answer")
    parameter_name = "answered"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The choices."""
        return [
            ("2", _("2xx, done")),
            ("3", _("3xx, unchanged since")),
            ("4", _("4xx, refused")),
            ("5", _("5xx, failed")),
        ]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[ClientRequest]") -> "QuerySet[ClientRequest]":
        """The requests that were answered so."""
        if self.value() not in ("2", "3", "4", "5"):
            return queryset
        first = 100 * int(self.value() or 0)
        return queryset.filter(status__gte=first, status__lt=first + 100)


class MethodFilter(admin.SimpleListFilter):
    """The HTTP method."""

    title = gettext_lazy("method")
    parameter_name = "method"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The methods that endpoints have."""
        return [(each, each) for each in METHODS]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[ClientRequest]") -> "QuerySet[ClientRequest]":
        """The requests with this method."""
        return queryset.filter(method=self.value()) if self.value() in METHODS else queryset


@admin.register(ClientRequest)
class ClientRequestAdmin(ReadOnlyAdmin):
    """Lines of the log. Secrets were masked before they came here."""

    list_display = ("when", "client", "asked", "answered", "milliseconds", "remark")
    list_display_links = ("when",)
    list_filter = (OutcomeFilter, StatusFilter, MethodFilter, "client", ("at", admin.DateFieldListFilter))
    list_select_related = ("client",)
    search_fields = ("path",)
    search_help_text = gettext_lazy("Path, name, externalId, id or correlation id")
    ordering = ("-at", "-id")
    paginator = CountedInPart
    show_facets = admin.ShowFacets.NEVER
    empty_words = gettext_lazy(
        "Every request of an API client appears here, with what was coerced or refused and why. Add an API client, "
        "issue its token, and follow the set-up on its page."
    )
    fields = (
        "when",
        "client",
        "asked",
        "answered",
        "milliseconds",
        "why",
        "remarks",
        "named",
        "sent",
        "answer_sent",
        "remote_address",
        "caused",
    )
    readonly_fields = fields

    def get_fields(self, request: HttpRequest, obj: ClientRequest | None = None) -> list[str]:
        """What there is to say of this request: an answer is kept with a refusal only."""
        left_out = {"remarks"} if obj and not obj.notes else set()
        left_out |= {"why", "answer_sent"} if obj and not obj.refused else set()
        return [name for name in self.fields if name not in left_out]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Requests that name the term, or that are about what it names."""
        term = search_term.strip()
        if not term:
            return queryset, False
        named = Q(path__icontains=term) | Q(about__icontains=term) | Q(correlation_id=term)
        return queryset.filter(named | Q(resource_id__in=_meant(term))), False

    @admin.display(description=gettext_lazy("When"), ordering="at")
    def when(self, line: ClientRequest) -> str:
        """The moment it was answered: many come in one minute."""
        return to_the_second(line.at)

    @admin.display(description=gettext_lazy("Request"))
    def asked(self, line: ClientRequest) -> str:
        """Method and address."""
        return f"{line.method} {line.path}"

    @admin.display(description=gettext_lazy("Answer"), ordering="status")
    def answered(self, line: ClientRequest) -> SafeString:
        """The status in colour."""
        return mark(line.status, "bad" if line.refused else "good")

    @admin.display(description=gettext_lazy("What was coerced, kept or refused"))
    def remark(self, line: ClientRequest) -> str:
        """The reason of the refusal or the notes, shortened."""
        said = [reason_of(line)] if line.refused else []
        return Truncator("; ".join([*said, *map(note_in_words, line.notes)])).chars(SHORT)

    @admin.display(description=gettext_lazy("Why it was refused"))
    def why(self, line: ClientRequest) -> str:
        """SCIM's word for it, and the detail."""
        return reason_of(line) or "-"

    @admin.display(description=gettext_lazy("Coerced, ignored or kept"))
    def remarks(self, line: ClientRequest) -> SafeString:
        """The notes, one a line."""
        return format_html_join("", "<div>{}</div>", ((note_in_words(note),) for note in line.notes))

    @admin.display(description=gettext_lazy("About"))
    def named(self, line: ClientRequest) -> SafeString:
        """The names that were sent, and a link to whom the address means."""
        meant = _link_to(line.resource_id) if line.resource_id else ""
        told = [(each,) for each in (line.about, meant) if each]
        return format_html_join("", "<div>{}</div>", told or [("-",)])

    @admin.display(description=gettext_lazy("What was sent"))
    def sent(self, line: ClientRequest) -> SafeString:
        """The payload."""
        return json_block(line.payload, _("What was sent"))

    @admin.display(description=gettext_lazy("What was answered"))
    def answer_sent(self, line: ClientRequest) -> SafeString:
        """The answer, if it was a refusal."""
        return json_block(line.answer, _("What was answered"))

    @admin.display(description=gettext_lazy("What it changed"))
    def caused(self, line: ClientRequest) -> SafeString:
        """A link to the audit entries of this request."""
        number = AuditEntry.objects.filter(cid=line.correlation_id).count() if line.correlation_id else 0
        if not number:
            return format_html("{}", _("nothing"))
        address = f"{reverse('admin:identities_auditentry_changelist')}?q={line.correlation_id}"
        words = ngettext("%(number)d audit entry", "%(number)d audit entries", number) % {"number": number}
        return format_html('<a href="{}">{}</a>', address, words)


def reason_of(line: ClientRequest) -> str:
    """Why a request was refused: SCIM's word for it, and the detail. Of strangers neither is kept."""
    if line.client_id is None and not line.detail:
        return _("no valid token")
    return ": ".join(filter(None, (line.scim_type, line.detail)))


def json_block(value: Any, label: str) -> SafeString:
    """A JSON value to read, in a block that can be scrolled by keyboard too."""
    if value is None:
        return format_html("{}", _("not kept"))
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<pre class="code" tabindex="0" role="region" aria-label="{}">{}</pre>', label, text)


def _meant(term: str) -> list[UUID]:
    """The ids of the people and groups that a search term names exactly: by id, name or externalId."""
    try:
        return [UUID(term)]
    except ValueError:
        people = User.objects.filter(user_name_key=fold(term)).values_list("pk", flat=True)[:MOST_MEANT]
        groups = Group.objects.filter(display_name_key=fold(term)).values_list("pk", flat=True)[:MOST_MEANT]
        known = ClientAssociation.objects.filter(external_id=term).values_list("user_id", "group_id")[:MOST_MEANT]
        return [*people, *groups, *(user or group for user, group in known)]


def _link_to(pk: UUID) -> str | SafeString:
    """The name of a person or group as a link to the page, or the id if there is no such page."""
    for model, objects in (("user", User.objects.persons()), ("group", Group.objects.all())):
        if (found := objects.filter(pk=pk).first()) is not None:
            return format_html('<a href="{}">{}</a>', reverse(f"admin:identities_{model}_change", args=[pk]), found)
    return str(pk)
