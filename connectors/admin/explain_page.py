"""The Explain page: one person or group on one connected system, and provisioning it now while looking on."""

from typing import Any, Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from connectors.actions.provisioning import provision_now
from connectors.admin.subjects import model_name, subject_url
from connectors.admin.words import LINK_LEVELS, OPERATION_LEVELS, because_in_words, error_in_words, verdict_in_words
from connectors.engine.advice import advice
from connectors.engine.full_explanation import FullExplanation, explain_in_full
from connectors.engine.situation import Situation
from connectors.engine.subject_rows import rows_of
from connectors.models import ConnectedSystem, Link, Operation
from connectors.vocabulary import LinkState, OperationState, SystemState
from identities.admin.action_admin import ActionModelAdmin, actor_of
from identities.admin.origins import OriginNames
from identities.admin.words import in_words, name_in_words
from identities.errors import IdentityError
from identities.vocabulary import MappingApply, ObjectType

SHOWS: Final = "connectors.view_link"
PROVISIONS: Final = "connectors.change_operation"
_MATCHING: Final = frozenset({"link", "remote", "correlation", "adoption", "intent"})
_UNDER_WAY: Final = (OperationState.WAITING, OperationState.IN_FLIGHT)


def explain_url(system_id: UUID, object_type: str, object_id: UUID) -> str:
    """The address of the page that explains this object on this system."""
    return reverse("admin:connectors_connectedsystem_explain", args=[system_id, object_type, object_id])


class ExplainPages(ActionModelAdmin):
    """The pages below a connected system that are about one person or group."""

    def get_urls(self) -> list[URLPattern]:
        """The admin's addresses, and three for each person or group."""
        about = "<uuid:object_id>/explain/<slug:object_type>/<uuid:subject_id>/"
        pages = (("explain", "", self.explain_view), ("trace", "trace/", self.trace_view))
        pages += (("provision", "provision/", self.provision_view),)
        return [
            *(
                path(f"{about}{end}", self.admin_site.admin_view(view), name=f"connectors_connectedsystem_{name}")
                for name, end, view in pages
            ),
            *super().get_urls(),
        ]

    def explain_view(self, request: HttpRequest, object_id: UUID, object_type: str, subject_id: UUID) -> HttpResponse:
        """Everything that can be said about the object on the system, without asking the system."""
        system, kind = self._asked(request, object_id, object_type)
        name = _name_of(kind, subject_id, system)
        full = explain_in_full(kind, subject_id, system)
        context = {
            **self.admin_site.each_context(request),
            "title": _("%(name)s on %(system)s") % {"name": name, "system": system.name},
            "opts": self.model._meta,
            "original": system,
            "change_url": self.change_url(system.pk),
            "subject_url": subject_url(kind, subject_id),
            "subject": name,
            "system": system,
            "kind": in_words(kind),
            "may_provision": request.user.has_perm(PROVISIONS) and system.state == SystemState.RUNNING,
            "provision_url": reverse(
                "admin:connectors_connectedsystem_provision", args=[system.pk, object_type, subject_id]
            ),
            **_shown(full),
            **_traced(request, system, kind, subject_id),
        }
        return TemplateResponse(request, "admin/connectors/explain.html", context)

    def trace_view(self, request: HttpRequest, object_id: UUID, object_type: str, subject_id: UUID) -> HttpResponse:
        """The part of the page that follows an operation, alone."""
        system, kind = self._asked(request, object_id, object_type)
        traced = _traced(request, system, kind, subject_id)
        if not traced:
            raise Http404
        return TemplateResponse(request, "admin/connectors/trace.html", traced)

    def provision_view(self, request: HttpRequest, object_id: UUID, object_type: str, subject_id: UUID) -> HttpResponse:
        """Queue the operation ahead of bulk work, and go back to see it done."""
        system, kind = self._asked(request, object_id, object_type)
        if not request.user.has_perm(PROVISIONS):  # type: ignore[union-attr]
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        url = explain_url(system.pk, kind, subject_id)
        try:
            operation = provision_now(system, kind, subject_id, actor=actor_of(request))
        except IdentityError as refusal:
            self.message_user(request, refusal.message, "ERROR")
            return HttpResponseRedirect(url)
        return HttpResponseRedirect(f"{url}?operation={operation.pk}#trace")

    def _asked(self, request: HttpRequest, object_id: UUID, object_type: str) -> tuple[ConnectedSystem, ObjectType]:
        """The system and the kind of object, if this administrator may see both."""
        if object_type not in list(ObjectType):
            raise Http404
        kind = ObjectType(object_type)
        may_see = request.user.has_perms((SHOWS, f"identities.view_{model_name(kind)}"))  # type: ignore[union-attr]
        if not may_see or not self.has_view_permission(request):
            raise PermissionDenied
        found = ConnectedSystem.objects.prefetch_related("mappings", "scope_groups", "scope_org_units")
        system = found.filter(pk=object_id).first()
        if system is None:
            raise Http404
        return system, kind


def _name_of(kind: ObjectType, subject_id: UUID, system: ConnectedSystem) -> str:
    """What the object is called; a purged one as its link remembers it (raises Http404)."""
    found = rows_of(kind).filter(pk=subject_id).first()
    if found is None:
        of_object = Link.objects.filter(system=system, object_type=kind, object_id=subject_id)
        found = of_object.values_list("object_name", flat=True).first()
    if found is None:
        raise Http404
    return str(found)


def _shown(full: FullExplanation) -> dict[str, Any]:
    """The explanation in words."""
    explanation, origins = full.explanation, OriginNames()
    decision, link = explanation.decision, explanation.link
    return {
        "full": full,
        "explanation": explanation,
        "verdict": verdict_in_words(decision.intended or decision.verdict),
        "is_stopped": decision.intended is not None,
        "link_state": in_words(link.state) if link else _("not linked"),
        "link_level": LINK_LEVELS[LinkState(link.state)] if link else "",
        "matching": [step for step in decision.steps if step.code in _MATCHING],
        "policies": _policies(explanation.situation),
        "in_scope": explanation.situation.object.scope.matches if explanation.situation else None,
        "values": [
            (name_in_words(each.attribute), each.value, origins.name(each.owner) if each.owner else _("nobody"))
            for each in full.values
        ],
        "mappings": [(row, in_words(row.kind), in_words(MappingApply(row.apply))) for row in full.mappings],
        "history": [_told(operation) for operation in full.history],
    }


def _policies(situation: Situation | None) -> list[tuple[str, str]]:
    """What the system does with accounts that are there already or have no reason any more, in words."""
    if situation is None:
        return []
    system = situation.system
    return [
        (_("Accounts that already exist"), in_words(system.adoption_policy)),
        (_("Recognised by"), system.correlation_attribute or "-"),
        (_("When not active"), in_words(system.when_inactive)),
        (_("When out of scope"), in_words(system.when_out_of_scope)),
        (_("When deleted"), in_words(system.when_deleted)),
    ]


def _told(operation: Operation) -> dict[str, Any]:
    """One operation in words."""
    return {
        "operation": operation,
        "level": OPERATION_LEVELS.get(OperationState(operation.state), ""),
        "state": in_words(operation.state),
        "verdict": verdict_in_words(operation.verdict),
        "because": because_in_words(operation.cause),
        "cause": error_in_words(operation.error_class),
        "advice": advice(operation.state, operation.error_class),
    }


def _traced(request: HttpRequest, system: ConnectedSystem, kind: ObjectType, subject_id: UUID) -> dict[str, Any]:
    """The operation that the address names, or the one that took its place, with its steps and calls."""
    named = request.GET.get("operation", "")
    if not (named.isascii() and named.isdigit() and len(named) < 19):
        return {}
    of_object = Operation.objects.filter(system=system, object_type=kind, object_id=subject_id)
    operation = of_object.filter(pk__gte=int(named)).order_by("-pk").first()
    if operation is None:
        return {}
    is_followed = operation.state in _UNDER_WAY
    address = reverse("admin:connectors_connectedsystem_trace", args=[system.pk, kind, subject_id])
    took = operation.finished_at - operation.started_at if operation.finished_at and operation.started_at else None
    return {
        "traced": _told(operation),
        "trace_url": f"{address}?operation={named}" if is_followed else "",
        "page_url": f"{explain_url(system.pk, kind, subject_id)}?operation={named}#trace",
        "took": round(took.total_seconds(), 3) if took is not None and not is_followed else None,
        "call_seconds": round(sum(call["milliseconds"] for call in operation.calls) / 1000, 3),
    }
