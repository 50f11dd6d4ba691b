"""Overriding one value that another origin owns."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from identities.actions.users import override_value
from identities.actors import Actor
from identities.canonical import fold
from identities.errors import IdentityError
from identities.models import OrgUnit, User
from identities.rules.attributes import MANAGER, ORG_UNIT, custom_name

HOW_WRITTEN: Final = {
    MANAGER: _("The user name of the manager."),
    ORG_UNIT: _("The code of the org unit."),
    "start_date": _("As YYYY-MM-DD."),
    "end_date": _("As YYYY-MM-DD."),
}


class OverrideForm(forms.Form):
    """The new value and why. References are given by user name or code."""

    value = forms.CharField(
        label=_("Value"),
        required=False,
        max_length=1024,
        widget=UnfoldAdminTextInputWidget(),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=255,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("Kept in the audit trail."),
    )

    def say_whose(self, attribute: str, name: str) -> None:
        """Call the value by the attribute's name, and say how it is written."""
        self.fields["value"].label = name
        self.fields["value"].help_text = HOW_WRITTEN.get(attribute, "")

    def write(self, user: User, attribute: str, actor: Actor) -> bool:
        """Carry the override out; False when it was refused, which then stands on the form."""
        try:
            value = _meant(attribute, self.cleaned_data["value"])
            override_value(user, actor=actor, attribute=attribute, value=value, reason=self.cleaned_data["reason"])
        except IdentityError as refusal:
            self.add_error("value" if refusal.field == attribute else None, refusal.message)
        return self.is_valid()


def current_text(user: User, attribute: str) -> str:
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
