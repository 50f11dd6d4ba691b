"""The part of the audit trail that speaks of one object, as a section of its pages."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from identities.admin.differences import Differences
from identities.admin.sections import Section, sections
from identities.admin.words import name_in_words
from identities.models import AuditEntry

ENTRIES_PER_PAGE = 50


def history(request: HttpRequest, obj: Any) -> SafeString:
    """The object's entries, newest first."""
    entries = AuditEntry.objects.filter(subject_type=obj._meta.model_name, subject_id=str(obj.pk)).order_by("-id")
    page = Paginator(entries, ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    differences = Differences(page.object_list)
    rows = [{"entry": each, "verb": name_in_words(each.verb), "differences": differences.render(each)} for each in page]
    return render_to_string("admin/identities/history.html", {"page": page, "rows": rows}, request)


for _model in ("identities.User", "identities.Group", "identities.OrgUnit", "identities.ApiClient"):
    sections.register(_model, Section("history", _("History"), "identities.view_auditentry", history, last=True))
