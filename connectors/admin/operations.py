"""Operations: what waits, what failed and why, what was done."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from connectors.actions import holds, operations
from connectors.admin.chosen import Act, EachOfChosen
from connectors.admin.explain_page import explain_url
from connectors.admin.subjects import subject_url
from connectors.admin.words import OPERATION_LEVELS, because_in_words, verdict_in_words
from connectors.models import Operation
from connectors.vocabulary import OperationState
from identities.admin.action_admin import actor_of
from identities.admin.object_actions import Fact, ObjectAction, ReasonForm
from identities.admin.words import in_words, moment_in_words

COLOURS = {
    OperationState.WAITING: "info",
    OperationState.IN_FLIGHT: "info",
    OperationState.FAILED: "danger",
    OperationState.DISPUTED: "danger",
    OperationState.HELD: "warning",
    OperationState.DONE: "success",
}


def _one(act: Act, done: Any) -> Callable[[HttpRequest, Operation, dict[str, Any]], str]:
    def perform(request: HttpRequest, operation: Operation, cleaned: dict[str, Any]) -> str:
        act(operation, actor=actor_of(request, cleaned.get("reason", "")))
        return str(done)

    return perform


def _in(*states: str) -> Callable[[Operation], bool]:
    return lambda operation: operation.state in states


@admin.register(Operation)
class OperationAdmin(EachOfChosen):
    """The durable queue and, once done, its log."""

    is_edited = False
    list_display = ("created_at", "subject", "system", "status", "outcome", "attempt", "next_attempt", "short_message")
    list_filter = ("state", "system", "error_class", "lane", "object_type")
    list_select_related = ("system",)
    search_fields = ("object_name",)
    search_help_text = gettext_lazy("Name of the person or group")
    ordering = ("-id",)
    empty_words = gettext_lazy(
        "Operations come from changes: connect a system, resume it, and everybody's appear here."
    )
    fields = (
        "subject",
        "system",
        "outcome",
        "held_removal",
        "because",
        "created_at",
        "started_at",
        "finished_at",
        "next_attempt",
        "attempt",
        "worker_deaths",
        "error_class",
        "message",
        "detail",
        "written",
        "reasoning",
    )
    readonly_fields = fields
    actions = ("retry_chosen", "skip_chosen", "cancel_chosen", "release_chosen", "reject_chosen")
    object_actions = (
        ObjectAction(
            "retry",
            gettext_lazy("Retry"),
            gettext_lazy("It is tried again now, with the values as they are now."),
            _one(operations.retry, gettext_lazy("It is tried again.")),
            offered=_in(*operations.RETRIED),
            at_once=True,
        ),
        ObjectAction(
            "skip",
            gettext_lazy("Skip"),
            gettext_lazy("It is laid aside; the next change of the object brings it back."),
            _one(operations.skip, gettext_lazy("It is laid aside.")),
            form=ReasonForm,
            offered=_in(*operations.SKIPPED),
        ),
        ObjectAction(
            "cancel",
            gettext_lazy("Cancel"),
            gettext_lazy("It is not done; the next change of the object brings it back."),
            _one(operations.cancel, gettext_lazy("It is cancelled.")),
            form=ReasonForm,
            offered=_in(*operations.CANCELLED),
            dangerous=True,
        ),
        ObjectAction(
            "release",
            gettext_lazy("Release"),
            gettext_lazy("The removal was meant: it is carried out now, beyond the limit."),
            _one(holds.release, gettext_lazy("The removal is released.")),
            form=ReasonForm,
            offered=_in(OperationState.HELD),
            dangerous=True,
        ),
        ObjectAction(
            "reject",
            gettext_lazy("Reject"),
            gettext_lazy("The removal was a mistake: the account stays as it is."),
            _one(holds.reject, gettext_lazy("The removal is rejected.")),
            form=ReasonForm,
            offered=_in(OperationState.HELD),
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Operations come from changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Operations are history."""
        return False

    @admin.display(description=gettext_lazy("Because"))
    def because(self, operation: Operation) -> str:
        """Why it was asked for."""
        return because_in_words(operation.cause)

    @display(description=gettext_lazy("State"), label=COLOURS)
    def status(self, operation: Operation) -> tuple[str, str]:
        """The state in colour."""
        return operation.state, in_words(operation.state)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Operation]":
        """Operations with their systems, whose names stand in their titles."""
        return super().get_queryset(request).select_related("system")

    def object_facts(self, request: HttpRequest, obj: Operation) -> list[Fact]:
        """How the operation stands."""
        level = OPERATION_LEVELS.get(OperationState(obj.state), "plain")
        return [Fact(_("State"), in_words(obj.state), level=level), _explained(obj)]

    @admin.display(description=gettext_lazy("What is done"), ordering="verdict")
    def outcome(self, operation: Operation) -> str:
        """The verdict in words."""
        return verdict_in_words(operation.verdict) or "-"

    @admin.display(description=gettext_lazy("Held removal"))
    def held_removal(self, operation: Operation) -> str:
        """What the limit stopped."""
        return verdict_in_words(operation.held_verdict) or "-"

    @admin.display(description=gettext_lazy("Next attempt"), ordering="due_at")
    def next_attempt(self, operation: Operation) -> str:
        """When it is due, as long as it waits."""
        return moment_in_words(operation.due_at if operation.state == OperationState.WAITING else None)

    @admin.display(description=gettext_lazy("Person or group"))
    def subject(self, operation: Operation) -> str:
        """A link to whom it is about."""
        url = subject_url(operation.object_type, operation.object_id)
        return format_html('<a href="{}">{}</a>', url, operation.object_name or operation.object_id)

    @admin.display(description=gettext_lazy("Message"))
    def short_message(self, operation: Operation) -> str:
        """The beginning of the message."""
        return operation.message[:120]

    @admin.display(description=gettext_lazy("Written"))
    def written(self, operation: Operation) -> str:
        """The difference that was written."""
        rows = ((name, str(value)) for name, value in operation.difference.items())
        return format_html_join("", "<div><strong>{}</strong>: {}</div>", rows) or "-"

    @admin.display(description=gettext_lazy("Step by step"))
    def reasoning(self, operation: Operation) -> str:
        """The decision's steps."""
        return render_to_string("admin/connectors/steps.html", {"steps": operation.steps})

    @admin.action(description=gettext_lazy("Retry"), permissions=["change"])
    def retry_chosen(self, request: HttpRequest, queryset: "QuerySet[Operation]") -> HttpResponse | None:
        """Retry the chosen operations."""
        return self.do_to_each(request, queryset, "retry", operations.retry)

    @admin.action(description=gettext_lazy("Skip"), permissions=["change"])
    def skip_chosen(self, request: HttpRequest, queryset: "QuerySet[Operation]") -> HttpResponse | None:
        """Skip the chosen operations."""
        return self.do_to_each(request, queryset, "skip", operations.skip)

    @admin.action(description=gettext_lazy("Cancel"), permissions=["change"])
    def cancel_chosen(self, request: HttpRequest, queryset: "QuerySet[Operation]") -> HttpResponse | None:
        """Cancel the chosen operations."""
        return self.do_to_each(request, queryset, "cancel", operations.cancel)

    @admin.action(description=gettext_lazy("Release held removals"), permissions=["change"])
    def release_chosen(self, request: HttpRequest, queryset: "QuerySet[Operation]") -> HttpResponse | None:
        """Release the chosen removals."""
        return self.do_to_each(request, queryset, "release", holds.release)

    @admin.action(description=gettext_lazy("Reject held removals"), permissions=["change"])
    def reject_chosen(self, request: HttpRequest, queryset: "QuerySet[Operation]") -> HttpResponse | None:
        """Reject the chosen removals."""
        return self.do_to_each(request, queryset, "reject", holds.reject)


def _explained(obj: Operation) -> Fact:
    url = explain_url(obj.system_id, obj.object_type, obj.object_id)
    return Fact(_("Explain"), _("why, and what happens next"), url)
