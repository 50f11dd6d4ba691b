"""Self-tests of the SCIM service: started by a button, carried out by a worker, read here."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from identities.actions.self_tests import start_self_test
from identities.admin.action_admin import ActionModelAdmin, actor_of
from identities.admin.client_requests import json_block
from identities.admin.object_actions import Fact, Question
from identities.admin.words import in_words, mark, name_in_words
from identities.errors import IdentityError
from identities.models import SelfTest
from identities.vocabulary import SelfTestState

STATES: Final = {SelfTestState.DONE: "good", SelfTestState.FAILED: "bad"}
LEVELS: Final = {"passed": "good", "failed": "bad", "meant": "wait", "skipped": ""}
_FIRST: Final = {"failed": 0, "meant": 1, "skipped": 2}
_OUTCOMES: Final = {
    "passed": gettext_lazy("passed"),
    "failed": gettext_lazy("failed"),
    "meant": gettext_lazy("otherwise on purpose"),
    "skipped": gettext_lazy("left out"),
}
_PARTS: Final = {
    "discovery": gettext_lazy("What the service says of itself"),
    "crud:create": gettext_lazy("Create and delete"),
    "crud:read": gettext_lazy("Read and query"),
    "crud:update": gettext_lazy("Replace"),
    "patch:add": gettext_lazy("PATCH add"),
    "patch:remove": gettext_lazy("PATCH remove"),
    "patch:replace": gettext_lazy("PATCH replace"),
}
_MEANT: Final = {
    "active": gettext_lazy("A person is always active or not; a client suspends and lifts, it does not remove."),
    "members": gettext_lazy("A member's name is looked up when it is read: it comes back although it was not sent."),
}


@admin.register(SelfTest)
class SelfTestAdmin(ActionModelAdmin):
    """Conformance passes. Adding one starts it."""

    is_edited = False
    list_display = ("created_at", "status", "outcome", "duration", "actor_name")
    list_display_links = ("created_at",)
    ordering = ("-id",)
    empty_words = gettext_lazy(
        "A self-test sends the requests of an independent conformance checker to the SCIM service, as a client that "
        "exists for it alone. Nothing of it stays, and nothing reaches a connected system."
    )
    fields = ("progress",)
    readonly_fields = fields
    change_form_template = "admin/identities/self_test.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever may change API clients."""
        return request.user.has_perm("identities.change_apiclient")  # type: ignore[union-attr]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was found stays as it is."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The oldest go by themselves."""
        return False

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Say what it does, and on POST start it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = forms.Form(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                return self.redirect_to(start_self_test(actor=actor_of(request)).pk)
            except IdentityError as refusal:
                form.add_error(None, refusal.message)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Self-test"),
            "opts": self.opts,
            "original": "SCIM",
            "action": Question(_("Start a self-test"), self.empty_words),
            "form": form,
            "change_url": reverse("admin:identities_selftest_changelist"),
        }
        return TemplateResponse(request, "admin/object_action.html", context)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """The page of a test follows it until it is done."""
        response = super().changeform_view(request, object_id, form_url, extra_context)
        if getattr(response, "context_data", None) and (test := response.context_data.get("original")):
            running = test.state in (SelfTestState.WAITING, SelfTestState.RUNNING)
            response.context_data |= {"follow": running, "parts": list(_parts(test)), "title": _("Self-test")}
        return response

    def object_facts(self, request: HttpRequest, obj: SelfTest) -> list[Fact]:
        """How it stands."""
        facts = [Fact(_("State"), in_words(obj.state), level=STATES.get(SelfTestState(obj.state), "wait"))]
        facts += [
            Fact(capfirst(_OUTCOMES[name]), number, level="bad" if name == "failed" else "")
            for name, number in obj.counts.items()
            if name in _OUTCOMES
        ]
        facts += [Fact(_("Duration"), self.duration(obj)), Fact(_("Started by"), obj.actor_name)]
        return [*facts, Fact(_("Problem"), obj.problem)] if obj.problem else facts

    @admin.display(description=gettext_lazy("State"), ordering="state")
    def status(self, test: SelfTest) -> SafeString:
        """The state in colour."""
        return mark(in_words(test.state), STATES.get(SelfTestState(test.state), ""))

    @admin.display(description=gettext_lazy("Checks"))
    def outcome(self, test: SelfTest) -> str:
        """How many checks ended how."""
        return ", ".join(f"{number} {_OUTCOMES[name]}" for name, number in test.counts.items() if name in _OUTCOMES)

    @admin.display(description=gettext_lazy("Duration"))
    def duration(self, test: SelfTest) -> str:
        """From the button to the result."""
        if test.finished_at is None:
            return "-"
        return _("%(seconds)d s") % {"seconds": round((test.finished_at - test.created_at).total_seconds())}

    @admin.display(description=gettext_lazy("Progress"))
    def progress(self, test: SelfTest) -> SafeString:
        """How far it is."""
        if not test.total:
            return mark(_("A worker takes it up within seconds."))
        words = _("%(done)d of %(total)d parts") % {"done": test.done, "total": test.total}
        bar = '<progress value="{}" max="{}" aria-label="{}"></progress> {}'
        return format_html(bar, test.done, test.total, words, words)


def _parts(test: SelfTest) -> Iterator[dict[str, Any]]:
    """The checks by part, what failed or differs first."""
    for (part, resource), checks in groupby(test.results, lambda each: (each["part"], each["resource"])):
        rows = sorted(map(_row, checks), key=lambda row: _FIRST.get(row["outcome"], len(_FIRST)))
        counts = ", ".join(
            f"{number} {_OUTCOMES[name]}" for name in LEVELS if (number := sum(row["outcome"] == name for row in rows))
        )
        title = str(_PARTS.get(part, part))
        failed = any(row["outcome"] == "failed" for row in rows)
        yield {"title": f"{resource}: {title}" if resource else title, "counts": counts, "rows": rows, "failed": failed}


def _row(check: dict[str, Any]) -> dict[str, Any]:
    outcome = check["outcome"]
    return {
        "outcome": outcome,
        "words": _OUTCOMES.get(outcome, outcome),
        "level": LEVELS.get(outcome, ""),
        "check": name_in_words(check["check"]),
        "attribute": check["attribute"],
        "reason": _MEANT.get(check["attribute"], check["reason"]) if outcome == "meant" else check["reason"],
        "sent": [
            {
                "line": f"{each['method']} {each['path']}",
                "status": each["status"],
                "body": json_block(each["body"], _("What was sent")) if each["body"] is not None else "",
                "answer": json_block(each["answer"], _("What was answered")) if each["answer"] is not None else "",
            }
            for each in check["sent"]
        ],
    }
