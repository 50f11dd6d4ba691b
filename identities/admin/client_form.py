"""The forms of API clients: what a client may do, and what its buttons ask for."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDateWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from identities.actions.client_limits import ACTIVE
from identities.admin.action_admin import RefusableForm
from identities.admin.words import choices_in_words, name_in_words
from identities.filters.attributes import ENTERPRISE_SCHEMA, PORTAL_SCHEMA, scim_name
from identities.models import ApiClient
from identities.queries.attributes import known_attributes
from identities.rules.attributes import custom_name
from identities.vocabulary import USUAL_SCOPES, ClientScope


def _writable() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every attribute a client might write, by its name, in groups."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in (*known_attributes(), ACTIVE):
        choice = (name, name_in_words(custom_name(name) or name))
        groups.setdefault(_group_of(name), []).append(choice)
    return list(groups.items())


def _group_of(name: str) -> str:
    path = scim_name(name)
    if custom_name(name):
        return _("Custom attributes")
    if path.startswith(ENTERPRISE_SCHEMA):
        return _("Enterprise")
    if path.startswith(PORTAL_SCHEMA):
        return _("Stay")
    return _("Name") if path.startswith("name.") else _("Person")


class ClientForm(RefusableForm):
    """One API client."""

    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("May"),
        choices=lambda: choices_in_words(ClientScope),
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        initial=list(USUAL_SCOPES),
    )
    read_only_attributes = forms.MultipleChoiceField(
        label=gettext_lazy("May not write"),
        choices=_writable,
        required=False,
        widget=UnfoldAdminSelect2MultipleWidget(attrs={"data-width": "100%"}),
        help_text=gettext_lazy("Values it sends for these are ignored or refused, as if others owned them."),
    )
    bounds = forms.CharField(
        label=gettext_lazy("Only people who match"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=gettext_lazy(
            'A SCIM filter such as department eq "Sales". Nobody else exists for this client. Empty: no bounds.'
        ),
    )
    allowed_networks = forms.CharField(
        label=gettext_lazy("Allowed networks"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=gettext_lazy("Addresses or networks (CIDR), one a line. Empty: from anywhere."),
    )

    class Meta:
        model = ApiClient
        fields = (
            "name",
            "profile",
            "scopes",
            "sight",
            "bounds",
            "read_only_attributes",
            "adoption_rule",
            "adoption_owns_lifecycle",
            "allowed_networks",
            "kept_payloads",
            "rate_limit",
            "expires_at",
            "enabled",
        )
        help_texts = {"rate_limit": gettext_lazy("Empty: as many as the service allows.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self.initial.get("allowed_networks"), list):
            self.initial["allowed_networks"] = "\n".join(self.initial["allowed_networks"])

    def clean_allowed_networks(self) -> list[str]:
        """The networks, one an entry."""
        return self.cleaned_data["allowed_networks"].split()  # type: ignore[no-any-return]


class IssueForm(forms.Form):
    """Until when a new token is good."""

    last_day = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        widget=UnfoldAdminDateWidget(),
        help_text=gettext_lazy("Empty: until it is revoked. The front page warns before it expires."),
    )


class TokenForm(forms.Form):
    """Which token is to be revoked."""

    prefix = forms.CharField(
        label=gettext_lazy("The token starts with"), max_length=12, widget=UnfoldAdminTextInputWidget()
    )
