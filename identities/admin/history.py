"""The part of the audit trail that speaks of one object, as a section of its pages."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from identities.admin.sections import Section, sections
from identities.models import AuditEntry

ENTRIES_PER_PAGE = 50


def history(request: HttpRequest, obj: Any) -> SafeString:
    """The object's entries, newest first."""
    entries = AuditEntry.objects.filter(subject_type=obj._meta.model_name, subject_id=str(obj.pk)).order_by("-id")
    page = Paginator(entries, ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    return render_to_string("admin/identities/history.html", {"page": page}, request)


for _model in ("identities.User", "identities.Group", "identities.OrgUnit", "identities.ApiClient"):
    sections.register(_model, Section("history", _("History"), "identities.view_auditentry", history, last=True))
