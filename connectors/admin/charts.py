"""Charts: tables of numbers that a script draws, each number with the list behind it.

The page has the table; `charts.js` draws what stands in it. So nothing is said by the drawing alone, and every element
is a link that the keyboard reaches.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from connectors.engine.progress import FAILED, Period
from connectors.vocabulary import OperationState


@dataclass(frozen=True, slots=True)
class Series:
    """One column of numbers: its title, and its colour by what it says (`good`, `bad`, `wait`, `rest`)."""

    title: str | Promise
    level: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One number and the address of its list."""

    number: int
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what it is about, and a number for each series."""

    label: str
    cells: tuple[Cell, ...]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A table to be drawn.

    Attributes:
        key: its id on the page. about: what it says, in a sentence. empty: what it says while there is nothing to draw:
            that all is done, or what to do first.
        head: what the rows are. lies: bars lie, for few rows with long names, instead of standing side by side.
    """

    key: str
    title: str
    about: str
    head: str
    series: tuple[Series, ...]
    rows: tuple[Row, ...]
    empty: str
    lies: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(cell.number for row in self.rows for cell in row.cells)


ENDED: Final = (
    Series(gettext_lazy("done"), "good"),
    Series(gettext_lazy("failed or disputed"), "bad"),
    Series(gettext_lazy("held"), "wait"),
)


def operations_url(**filters: object) -> str:
    """The address of the list of operations, filtered."""
    return f"{reverse('admin:connectors_operation_changelist')}?{urlencode(filters)}"


def over_time(
    key: str, title: str, about: str, periods: Iterable[Period], label: Callable[[datetime], str], **filters: object
) -> Chart:
    """The operations that ended in each period, by how they ended."""
    rows = tuple(Row(label(each.start), _ended(each, filters)) for each in periods)
    empty = _("Nothing ended in this time. Whatever changes here goes out to every system that runs.")
    return Chart(key, title, about, _("Since"), ENDED, rows, empty)


def hour_in_words(moment: datetime) -> str:
    """A time of the day in the portal's time zone."""
    return date_format(timezone.localtime(moment), "H:i")


def day_in_words(moment: datetime) -> str:
    """A day in the portal's time zone."""
    return date_format(timezone.localtime(moment), "j M")


def _ended(period: Period, filters: dict[str, object]) -> tuple[Cell, ...]:
    within = {**filters, "finished_at__gte": period.start.isoformat(), "finished_at__lt": period.end.isoformat()}
    counted: Sequence[tuple[int, dict[str, str]]] = (
        (period.done, {"state__exact": OperationState.DONE}),
        (period.failed, {"state__in": ",".join(FAILED)}),
        (period.held, {"state__exact": OperationState.HELD}),
    )
    return tuple(Cell(number, operations_url(**which, **within)) for number, which in counted)
