"""What can be done to one object beside editing it: a button, a page that asks, and an action on POST."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

Perform = Callable[[HttpRequest, Any, dict[str, Any]], "str | HttpResponse"]


class ReasonForm(forms.Form):
    """Asks for the reason, which is kept in the audit trail."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=255,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("Kept in the audit trail."),
    )


def _always(obj: models.Model) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Fact:
    """Something to see at a glance above an object's record: what it is, how it stands, and where to read more."""

    label: str
    text: object
    url: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before something is done: title of the page and its button, the words, and what must be given."""

    title: str | Promise
    question: str | Promise
    form: type[forms.Form] = forms.Form
    dangerous: bool = False


@dataclass(frozen=True, slots=True)
class ObjectAction:
    """One thing that can be done to one object.

    Attributes:
        key: last part of its address. title: text of the button. question: what the page says before it is done.
        perform: does it by an action, and returns what to tell the administrator (or a whole page). IdentityError
            shows as a refusal.
        form: what the page asks for; `form_for` makes it, where it depends on the object.
        offered: whether it makes sense for this object as it stands.
        dangerous: shown in red.
        at_once: the button does it without asking first: nothing is lost by it.
        shows: it only shows something, so its page opens with it instead of a question.
    """

    key: str
    title: str | Promise
    question: str | Promise
    perform: Perform
    form: type[forms.Form] = forms.Form
    offered: Callable[[Any], bool] = _always
    dangerous: bool = False
    form_for: Callable[[Any], type[forms.Form]] | None = None
    at_once: bool = False
    shows: bool = False
