"""The Accounts tab: for a person, a group or an org unit, every system, linked or not, and why."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from connectors.admin.explain_page import explain_url
from connectors.admin.words import verdict_in_words
from connectors.engine.explain import Explanation, explain_everywhere
from identities.admin.sections import Section, sections
from identities.admin.words import in_words
from identities.models import Group, OrgUnit, User
from identities.vocabulary import ObjectType

_TYPES: dict[Any, ObjectType] = {User: ObjectType.USER, Group: ObjectType.GROUP, OrgUnit: ObjectType.ORG_UNIT}


def accounts(request: HttpRequest, obj: Any) -> SafeString:
    """Everything the portal can say about this object's accounts without asking the systems."""
    object_type = _TYPES[obj._meta.model]
    rows = [_row(explanation, object_type, obj.pk) for explanation in explain_everywhere(object_type, obj.pk)]
    return render_to_string("admin/connectors/accounts.html", {"rows": rows}, request)


def _row(explanation: Explanation, object_type: ObjectType, object_id: UUID) -> dict[str, Any]:
    last = explanation.last_operation
    return {
        "explanation": explanation,
        "url": explain_url(explanation.system.pk, object_type, object_id),
        "verdict": verdict_in_words(explanation.decision.verdict),
        "link_state": in_words(explanation.link.state) if explanation.link else "",
        "last": ", ".join(filter(None, (in_words(last.state), verdict_in_words(last.verdict)))) if last else "",
    }


for _model in _TYPES:
    sections.register(_model._meta.label, Section("accounts", _("Accounts"), "connectors.view_link", accounts))
