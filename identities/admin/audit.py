"""The audit trail: who did what to whom, through which face, with the differences."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from auditlog.admin import LogEntryAdmin
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from identities.admin.action_admin import ReadOnlyAdmin
from identities.admin.differences import Differences
from identities.admin.origins import OriginNames
from identities.admin.words import in_words, moment_in_words, name_in_words
from identities.models import AuditEntry

MOST_NAMES: Final = 4

# django-auditlog registers its own page for the model when it is loaded, before ours.
admin.site.unregister(AuditEntry)


class VerbFilter(admin.AllValuesFieldListFilter):
    """The verbs there are, in words."""

    def choices(self, changelist: Any) -> Any:
        """The verbs as Django lists them, in words."""
        for number, choice in enumerate(super().choices(changelist)):
            yield {**choice, "display": name_in_words(str(choice["display"])) if number else choice["display"]}


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin, LogEntryAdmin):
    """django-auditlog's page, on the columns this trail freezes. Nothing can be added, changed or deleted."""

    list_display = ("when", "actor_name", "what", "subject", "changed", "through")
    list_display_links = ("when",)
    list_filter = (("verb", VerbFilter), "channel")
    list_select_related = ()
    date_hierarchy = None
    search_fields = ("object_repr",)
    search_help_text = _("A name, a user name, or a correlation id.")
    fieldsets = None
    fields = (
        "when",
        "actor_name",
        "what",
        "subject",
        "reason",
        "differences",
        "further_facts",
        "through",
        "asserted_by",
        "remote_addr",
        "subject_id",
        "correlation",
        "sealed",
    )
    readonly_fields = fields
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[AuditEntry]":
        """The entries, without the joins nobody looks at: texts are frozen."""
        return super().get_queryset(request).select_related("seal")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Entries about or by a name, or of one correlation id."""
        if not search_term:
            return queryset, False
        named = Q(object_repr__icontains=search_term) | Q(actor_name__icontains=search_term)
        return queryset.filter(named | Q(cid=search_term)), False

    @admin.display(description=_("When"), ordering="id")
    def when(self, entry: AuditEntry) -> str:
        """The moment it was written."""
        return moment_in_words(entry.timestamp)

    @admin.display(description=_("What"), ordering="verb")
    def what(self, entry: AuditEntry) -> str:
        """The verb in words."""
        return name_in_words(entry.verb)

    @admin.display(description=_("To whom or what"), ordering="object_repr")
    def subject(self, entry: AuditEntry) -> str:
        """What it was called then."""
        return entry.object_repr  # type: ignore[no-any-return]

    @admin.display(description=_("Through"), ordering="channel")
    def through(self, entry: AuditEntry) -> str:
        """Which face it came through."""
        return in_words(entry.channel)

    @admin.display(description=_("Asserted by"))
    def asserted_by(self, entry: AuditEntry) -> str:
        """The origin in words."""
        return OriginNames().name(entry.origin)

    @admin.display(description=_("Changed"))
    def changed(self, entry: AuditEntry) -> str:
        """Names of what changed, the first few."""
        names = [name_in_words(name) for name in entry.changes or {}]
        more = [f"+ {len(names) - MOST_NAMES}"] if len(names) > MOST_NAMES else []
        return ", ".join([*names[:MOST_NAMES], *more])

    @admin.display(description=_("Differences"))
    def differences(self, entry: AuditEntry) -> str:
        """Old and new values."""
        return Differences([entry]).render(entry) if entry.changes else "-"

    @admin.display(description=_("Further facts"))
    def further_facts(self, entry: AuditEntry) -> str:
        """Whatever else was kept."""
        return format_html_join("", "<div><strong>{}</strong>: {}</div>", _flat(entry.facts or {})) or "-"

    @admin.display(description=_("Correlation id"))
    def correlation(self, entry: AuditEntry) -> str:
        """A link to everything the same request or run did."""
        return format_html('<a href="../../?q={}">{}</a>', entry.cid, entry.cid) if entry.cid else "-"

    @admin.display(description=_("Sealed"))
    def sealed(self, entry: AuditEntry) -> str:
        """Which seal covers the entry."""
        return str(entry.seal) if entry.seal else str(_("within a minute"))


def _flat(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield name_in_words(name), ", ".join(f"{part}: {each}" for part, each in value.items())
        else:
            yield name_in_words(name), ", ".join(map(str, value)) if isinstance(value, list) else str(value)
