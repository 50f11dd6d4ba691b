"""Overriding a value that another origin owns."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from identities.actions.users import override_rows, override_value
from identities.actors import Actor
from identities.admin.object_actions import ReasonForm
from identities.canonical import fold
from identities.errors import IdentityError
from identities.models import MultiValue, OrgUnit, User
from identities.rules.attributes import MANAGER, ORG_UNIT, VALUE_LENGTHS, check_single_valued, custom_name
from identities.rules.ownership import owner_of

HOW_WRITTEN: Final = {
    MANAGER: _("The user name of the manager."),
    ORG_UNIT: _("The code of the org unit."),
    "start_date": _("As YYYY-MM-DD."),
    "end_date": _("As YYYY-MM-DD."),
}


class _Overriding(ReasonForm):
    """What every override says."""

    field_order = ("value", "type", "primary", "remove", "reason")

    def say_whose(self, attribute: str, name: str) -> None:
        """Call the value by the attribute's name, and say how it is written."""
        self.fields["value"].label = name
        self.fields["value"].help_text = HOW_WRITTEN.get(attribute, "")


class OverrideForm(_Overriding):
    """The new value and why. References are given by user name or code."""

    value = forms.CharField(
        label=_("Value"),
        required=False,
        max_length=1024,
        widget=UnfoldAdminTextInputWidget(),
    )

    def write(self, user: User, attribute: str, actor: Actor) -> bool:
        """Carry the override out; False when it was refused, which then stands on the form."""
        try:
            value = _meant(attribute, self.cleaned_data["value"])
            override_value(user, actor=actor, attribute=attribute, value=value, reason=self.cleaned_data["reason"])
        except IdentityError as refusal:
            self.add_error("value" if refusal.field == attribute else None, refusal.message)
        return self.is_valid()


class RowOverrideForm(_Overriding):
    """One value of a multi-valued attribute, changed or removed, and why."""

    value = forms.CharField(label=_("Value"), max_length=1024, widget=UnfoldAdminTextInputWidget())
    type = forms.CharField(label=_("Type"), required=False, max_length=60, widget=UnfoldAdminTextInputWidget())
    primary = forms.BooleanField(label=_("Primary"), required=False, widget=UnfoldBooleanSwitchWidget())
    remove = forms.BooleanField(label=_("Remove"), required=False, widget=UnfoldBooleanSwitchWidget())

    def write(self, row: MultiValue, actor: Actor) -> bool:
        """Carry the override out; False when it was refused, which then stands on the form."""
        said = {name: self.cleaned_data[name] for name in ("value", "type", "primary")}
        rows = []
        for each in MultiValue.objects.filter(user=row.user_id, attribute=row.attribute).order_by("position", "id"):
            now = {"value": each.value, "type": each.type, "primary": each.primary and not said["primary"]}
            if each.pk != row.pk or not self.cleaned_data["remove"]:
                rows.append({"display": each.display, "data": each.data, **(said if each.pk == row.pk else now)})
        try:
            override_rows(
                row.user_id, actor=actor, attribute=row.attribute, rows=rows, reason=self.cleaned_data["reason"]
            )
        except IdentityError as refusal:
            self.add_error("value" if refusal.field == row.attribute else None, refusal.message)
        return self.is_valid()


@dataclass(frozen=True, slots=True)
class Override:
    """The form that overrides a value, and what carries it out.

    Attributes:
        attribute: whose value it is. owner: the origin that owns it now.
    """

    form: OverrideForm | RowOverrideForm
    write: Callable[[Actor], bool]
    attribute: str
    owner: str


def override_of(user: User, named: str, sent: QueryDict | None) -> Override:
    """What overrides an attribute, or one value of a multi-valued one (`emails.17`).

    Raises:
        Http404: there is no such value. IdentityError: there is no such attribute.
    """
    attribute, _dot, number = named.partition(".")
    if attribute in VALUE_LENGTHS:
        row = get_object_or_404(MultiValue, user=user, attribute=attribute, pk=number if number.isdecimal() else None)
        now = {"value": row.value, "type": row.type, "primary": row.primary}
        row_form = RowOverrideForm(sent, initial=now)
        return Override(row_form, partial(row_form.write, row), attribute, row.origin)
    check_single_valued(named)
    text = _current_text(user, named)
    form = OverrideForm(sent, initial={"value": text})
    owner = owner_of(named, text, user.owners, user.default_origin) or user.default_origin
    return Override(form, partial(form.write, user, named), named, owner)


def _current_text(user: User, attribute: str) -> str:
    """The value as the form takes it."""
    custom = custom_name(attribute)
    value: Any = user.custom.get(custom) if custom else getattr(user, attribute)
    if isinstance(value, User):
        return value.user_name
    if isinstance(value, OrgUnit):
        return value.code
    return "" if value is None else str(value)


def _meant(attribute: str, text: str) -> Any:
    """The value a text means: references are looked up (their own text where they lead nowhere, which the action
    then refuses).
    """
    if not text:
        return None
    if attribute == MANAGER:
        return User.objects.persons().filter(user_name_key=fold(text)).first() or text
    if attribute == ORG_UNIT:
        return OrgUnit.objects.filter(code_key=fold(text)).first() or text
    return text
