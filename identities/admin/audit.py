"""The audit trail: who did what to whom, through which face, with the differences."""

from typing import Any

from auditlog.admin import LogEntryAdmin
from auditlog.render import render_logentry_changes_html
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from identities.admin.action_admin import ReadOnlyAdmin
from identities.models import AuditEntry

# django-auditlog registers its own page for the model when it is loaded, before ours.
admin.site.unregister(AuditEntry)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin, LogEntryAdmin):
    """django-auditlog's page, on the columns this trail freezes. Nothing can be added, changed or deleted."""

    list_display = ("timestamp", "actor_name", "verb", "object_repr", "changed", "channel")
    list_display_links = ("timestamp",)
    list_filter = ("verb", "channel")
    list_select_related = ()
    date_hierarchy = None
    search_fields = ("object_repr",)
    search_help_text = _("A name, a user name, or a correlation id.")
    fieldsets = None
    fields = (
        "timestamp",
        "actor_name",
        "origin",
        "channel",
        "remote_addr",
        "verb",
        "object_repr",
        "subject_id",
        "reason",
        "differences",
        "facts",
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

    @admin.display(description=_("Changed"))
    def changed(self, entry: AuditEntry) -> str:
        """Names of what changed."""
        return ", ".join(entry.changes or {})

    @admin.display(description=_("Differences"))
    def differences(self, entry: AuditEntry) -> str:
        """Old and new values."""
        return render_logentry_changes_html(entry) if entry.changes else "-"

    @admin.display(description=_("Correlation id"))
    def correlation(self, entry: AuditEntry) -> str:
        """A link to everything the same request or run did."""
        return format_html('<a href="../../?q={}">{}</a>', entry.cid, entry.cid) if entry.cid else "-"

    @admin.display(description=_("Sealed"))
    def sealed(self, entry: AuditEntry) -> str:
        """Which seal covers the entry."""
        return str(entry.seal) if entry.seal else str(_("within a minute"))
