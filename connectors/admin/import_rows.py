"""The rows of an import: filtered, searched, with their differences, to be looked at, kept as a file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from connectors.actions import imports
from connectors.admin.import_actions import CONFIRM, apply_form, can_be_applied
from connectors.engine.intake.result import REFUSED, outcome_of, plan_of, problems_of, result_lines, rows_between
from connectors.models import Run, StagedRow
from connectors.vocabulary import PLANNED_CHANGES, RowState
from identities.admin.action_admin import actor_of
from identities.admin.sections import Section, sections
from identities.admin.words import in_words, name_in_words
from identities.errors import IdentityError

ROWS_PER_PAGE: Final = 100
_LEVELS: Final = {
    RowState.APPLIED: "good",
    RowState.PROBLEM: "bad",
    RowState.REFUSED: "bad",
    RowState.CREATE: "wait",
    RowState.UPDATE: "wait",
    RowState.DISABLE: "bad",
    RowState.WITHDRAWN: "wait",
}
# So many values stand open, more are folded away.
_OPEN_VALUES: Final = 6
_LISTED: Final = 20


def rows_page(request: HttpRequest, run: Any) -> SafeString:
    """The rows in the order of the file, those of one state or with a part of a key; on POST apply those chosen, or all
    that match.
    """
    may_apply = request.user.has_perm("connectors.change_run")  # type: ignore[union-attr]
    state, sought = request.GET.get("state", ""), request.GET.get("key", "").replace("\0", "").strip()
    rows = run.rows.order_by("part", "number")
    rows = rows.filter(state=state) if state in list(RowState) else rows
    rows = rows.filter(key__icontains=sought) if sought else rows
    planned = rows.filter(state__in=PLANNED_CHANGES)
    if request.method == "POST" and may_apply:
        _apply_chosen(request, run, planned)
        run.refresh_from_db()
    choosing = may_apply and can_be_applied(run)
    page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "choosing": choosing,
        "matching": planned.count() if choosing and (state or sought) else 0,
        "confirm": apply_form(run)() if choosing else None,
        "rows": list(_shown(run, rows_between(rows, max(page.start_index() - 1, 0), page.end_index()))),
        "states": list(_states(run.rows, state, sought)),
        "state": state,
        "sought": sought,
        "rest": urlencode({name: value for name, value in (("state", state), ("key", sought)) if value}),
    }
    return render_to_string("admin/connectors/run_rows.html", context, request)


def _apply_chosen(request: HttpRequest, run: Run, matching: "QuerySet[StagedRow]") -> None:
    if "matching" in request.POST:
        rows = set(matching.values_list("pk", flat=True))
    else:
        rows = {int(text[:18]) for text in request.POST.getlist("row") if text.isascii() and text.isdigit()}
    form = apply_form(run)(request.POST)
    confirmed = form.cleaned_data.get(CONFIRM) if form.is_valid() else None
    try:
        imports.apply_import(run, actor=actor_of(request), rows=rows, confirm_missing=confirmed)
    except IdentityError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("The chosen rows are being applied; the others are skipped."))


def result_file(run: Run) -> StreamingHttpResponse:
    """Every row with what was planned and what became of it, as a CSV file to keep."""
    answer = StreamingHttpResponse(result_lines(run), content_type="text/csv; charset=utf-8")
    name = slugify(run.file_name.rpartition(".")[0] or run.file_name) or "import"
    answer["Content-Disposition"] = f'attachment; filename="{name}-{run.created_at:%Y%m%d-%H%M}-result.csv"'
    return answer


def _states(rows: "QuerySet[StagedRow]", chosen: str, sought: str) -> Iterator[dict[str, Any]]:
    """A link for every state that rows are in, and one for all."""
    counted = dict(rows.order_by().values_list("state").annotate(Count("pk")))
    numbers = {"": sum(counted.values()), **{state: counted[state] for state in RowState if state in counted}}
    for state, number in numbers.items():
        query = {name: value for name, value in (("state", state), ("key", sought)) if value}
        words = _row_state(state) if state else _("all")
        yield {"words": words, "number": number, "query": urlencode(query), "chosen": state == chosen}


def _shown(run: Run, rows: Sequence[StagedRow]) -> Iterator[dict[str, Any]]:
    problems = problems_of(run, rows)
    for row in rows:
        difference = list(_differences(row.difference))
        yield {
            "row": row,
            "part": name_in_words(row.part),
            "changes": row.state in PLANNED_CHANGES,
            "planned": _row_state(plan_of(row)),
            "outcome": _row_state(outcome_of(row, run)),
            "level": _LEVELS.get(RowState(row.state), ""),
            "difference": difference,
            "open": len(difference) <= _OPEN_VALUES,
            "problems": problems.get((row.part, row.number), ()),
        }


def _row_state(state: str) -> str:
    """Where a row stands, as imports say it: other things are disabled and refused in other words."""
    return in_words(RowState(state) if state in list(RowState) else state)


def _differences(difference: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, (old, new) in difference.items():
        if name != REFUSED:
            yield name_in_words(name), _text(old), _text(new)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value[:_LISTED])) + ("…" if len(value) > _LISTED else "")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "" if value is None else str(value)


sections.register("connectors.Run", Section("rows", gettext_lazy("Rows"), "connectors.view_run", rows_page))
