"""The form of a group, with its rule: looked at before it is saved."""

from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from identities.admin.action_admin import RefusableForm
from identities.errors import RuleViolation
from identities.models import Group
from identities.queries.dynamic_groups import RulePreview, preview_rule
from identities.vocabulary import GroupKind

LEAVING_UNASKED: Final = 100
"""A rule under which more people than this would leave is saved once that number is confirmed."""

PREVIEW: Final = "_preview"
CONFIRMED: Final = "_confirmed_leaving"


class GroupForm(RefusableForm):
    """A group's name and rule.

    Attributes:
        preview: what the rule would change; None where it was not asked for, or cannot be told.
        asks: the preview is to be confirmed before the rule is saved.
    """

    preview: RulePreview | None = None
    asks = False

    class Meta:
        model = Group
        fields = ("display_name", "description", "kind", "filter_text")
        widgets = {"filter_text": UnfoldAdminTextareaWidget(attrs={"rows": 3})}
        help_texts = {
            "kind": gettext_lazy("Members of a static group are named; those of a dynamic one follow from its rule."),
            "filter_text": gettext_lazy(
                'A SCIM filter on people, such as department eq "Sales" and active eq true. '
                'It may ask for another group by its id: groups.value eq "…".'
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            self.fields["kind"].required = False

    @property
    def rule(self) -> str | None:
        """The rule to be saved; None for a static group."""
        if self.cleaned_data.get("kind") != GroupKind.DYNAMIC:
            return None
        return str(self.cleaned_data.get("filter_text", "")).strip()

    def clean(self) -> dict[str, Any] | None:
        """Look at what the rule would change where that is asked for, or where the rule is another."""
        cleaned = super().clean()
        wants = PREVIEW in self.data
        if self.rule is None:
            if wants:
                self.add_error("kind", _("Only a dynamic group has a rule to look at."))
        elif wants or {"kind", "filter_text"} & set(self.changed_data):
            self._look()
        return cleaned

    def _look(self) -> None:
        try:
            self.preview = preview_rule(self.rule or "", self.instance.pk if self.instance.created_at else None)
        except RuleViolation as refusal:
            if self.refusal is None:
                self.add_error("filter_text", refusal.message)
            return
        confirmed = str(self.data.get(CONFIRMED, ""))
        many = self.preview.leaving
        self.asks = many > LEAVING_UNASKED and not (confirmed.isdecimal() and int(confirmed[:9]) >= many)

    def is_valid(self) -> bool:
        """Whether the form is to be saved: not while it is only looked at, or something is to be confirmed."""
        return super().is_valid() and PREVIEW not in self.data and not self.asks
