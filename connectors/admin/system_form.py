"""The form of a connected system: its connector's configuration, its scope, its policies."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from connectors.admin.configuration_form import PREFIX, configuration_of
from connectors.models import ConnectedSystem
from connectors.spi import Configuration
from identities.admin.action_admin import RefusableForm

SCOPE_FIELDS: Final = (
    "scope_filter",
    "scope_groups",
    "scope_org_units",
    "provisions_groups",
    "group_filter",
    "provisions_org_units",
)
POLICY_FIELDS: Final = (
    "adoption_policy",
    "correlation_attribute",
    "group_correlation_attribute",
    "marker_attribute",
    "when_inactive",
    "when_out_of_scope",
    "when_deleted",
    "when_gone",
)
LIMIT_FIELDS: Final = ("slots", "removal_limit", "removal_limit_percent")
HELP: Final = {
    "scope_filter": _('A SCIM filter such as active eq true and department eq "Sales". Empty: everybody.'),
    "scope_groups": _("Only people in one of these groups, through nesting."),
    "scope_org_units": _("Only people in or below one of these org units."),
    "group_filter": _("A SCIM filter over groups. Empty: all groups."),
    "provisions_org_units": _("Whether org units are kept there, and as what: some connectors can keep their tree."),
    "correlation_attribute": _("The attribute an account is recognised by. Empty: the connector's own choice."),
    "marker_attribute": _("An attribute that may hold the portal's own id, so that its accounts are known again."),
    "slots": _("The most calls made to the system at once; one is kept free for removals."),
    "removal_limit": _("More removals than this and the percentage are held for a person."),
}


class SystemForm(RefusableForm):
    """One connected system. The fields of its configuration are added by `SystemAdmin.get_form`."""

    configuration_class: type[Configuration] | None = None

    class Meta:
        model = ConnectedSystem
        fields = ("name", "description", *SCOPE_FIELDS, *POLICY_FIELDS, *LIMIT_FIELDS)
        widgets = {
            "scope_filter": UnfoldAdminTextareaWidget(attrs={"rows": 2}),
            "group_filter": UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        }
        help_texts = HELP

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = self.configuration_class.model_fields if self.configuration_class else ()
        self.field_of_attribute = {name: f"{PREFIX}{name}" for name in names}
        self.field_of_attribute |= {f"configuration.{name}": f"{PREFIX}{name}" for name in names}

    def values(self) -> dict[str, Any]:
        """Everything but the configuration, as the action takes it."""
        names = ("name", "description", *SCOPE_FIELDS, *POLICY_FIELDS, *LIMIT_FIELDS)
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}

    def configuration(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Configuration and newly typed secrets."""
        if self.configuration_class is None:
            return {}, {}
        cleaned: Mapping[str, Any] = self.cleaned_data
        return configuration_of(self.configuration_class, cleaned)
