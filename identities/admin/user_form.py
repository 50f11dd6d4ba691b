"""The form of a person's record: what others own is locked and says whose it is."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from identities.actors import ADMIN_ORIGIN
from identities.admin.action_admin import RefusableForm
from identities.admin.origins import OriginNames
from identities.models import AttributeDefinition, MultiValue, User
from identities.rules.attributes import VALUE_LENGTHS, custom_name
from identities.rules.ownership import owner_of
from identities.vocabulary import AttributeKind

CUSTOM_FIELD: Final = "custom_"
FIELDSETS: Final[list[Any]] = [
    (None, {"fields": ("user_name", "display_name", "given_name", "family_name", "middle_name")}),
    (
        gettext_lazy("Work"),
        {
            "fields": (
                "title",
                "employee_number",
                "org_unit",
                "manager",
                "department",
                "division",
                "organization",
                "cost_center",
                "user_type",
            )
        },
    ),
    (gettext_lazy("Dates"), {"fields": ("start_date", "end_date")}),
    (
        gettext_lazy("Further particulars"),
        {
            "fields": (
                "honorific_prefix",
                "honorific_suffix",
                "nick_name",
                "preferred_language",
                "locale",
                "timezone",
                "profile_url",
            )
        },
    ),
]
RECORD_FIELDS: Final[tuple[str, ...]] = tuple(name for _title, part in FIELDSETS for name in part["fields"])
EDITED_MULTI_VALUES: Final = (
    ("emails", gettext_lazy("E-mail address")),
    ("phoneNumbers", gettext_lazy("Phone number")),
    ("roles", gettext_lazy("Role")),
    ("entitlements", gettext_lazy("Entitlement")),
    ("ims", gettext_lazy("Instant messaging")),
)


EDITED_NAMES: Final = dict(EDITED_MULTI_VALUES)


class UserForm(RefusableForm):
    """One person's record. Fields of declared custom attributes are made by `fields_of`."""

    class Meta:
        model = User
        fields = RECORD_FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.field_of_attribute = {f"custom.{n.removeprefix(CUSTOM_FIELD)}": n for n in self.fields}
        if self.instance.pk and self.instance.default_origin:
            self._show_custom_values()
            self._lock_owned()

    def _show_custom_values(self) -> None:
        for name in self.fields:
            if name.startswith(CUSTOM_FIELD):
                value = self.instance.custom.get(name.removeprefix(CUSTOM_FIELD))
                self.initial[name] = ", ".join(map(str, value)) if isinstance(value, list) else value

    def _lock_owned(self) -> None:
        """Disable what another origin owns, with a link to override it."""
        names = OriginNames()
        for name, field in self.fields.items():
            attribute = attribute_of(name)
            owner = owner_of(
                attribute, value_shown(self.instance, attribute), self.instance.owners, self.instance.default_origin
            )
            if owner and owner != ADMIN_ORIGIN:
                field.disabled = True
                field.help_text = _owned_by(owner, names, self.instance.pk, attribute)

    def changes(self) -> dict[str, Any]:
        """What was edited, under the names the action takes."""
        return {
            attribute_of(name): self._cleaned(name)
            for name in self.changed_data
            if name in self.cleaned_data and not self.fields[name].disabled
        }

    def _cleaned(self, name: str) -> Any:
        value = self.cleaned_data[name]
        if name.startswith(CUSTOM_FIELD) and getattr(self.fields[name], "several_values", False):
            return [part.strip() for part in (value or "").split(",") if part.strip()]
        return value


def custom_labels() -> dict[str, str]:
    """The labels of the declared custom attributes by name."""
    return dict(AttributeDefinition.objects.values_list("name", "label"))


def attribute_in_words(attribute: str, labels: Mapping[str, str]) -> str:
    """What a page calls an attribute.

    Args:
        labels: from `custom_labels`.
    """
    custom = custom_name(attribute)
    if custom:
        return labels.get(custom) or custom
    if attribute in VALUE_LENGTHS:
        return str(EDITED_NAMES.get(attribute, attribute))
    words = str(User._meta.get_field(attribute).verbose_name)
    return words[:1].upper() + words[1:]


def attribute_of(field_name: str) -> str:
    """Our attribute name of a form field."""
    is_custom = field_name.startswith(CUSTOM_FIELD)
    return f"custom.{field_name.removeprefix(CUSTOM_FIELD)}" if is_custom else field_name


def value_shown(user: User, attribute: str) -> Any:
    """The value of a single-valued attribute."""
    custom = custom_name(attribute)
    return user.custom.get(custom) if custom else getattr(user, attribute)


def custom_fields() -> dict[str, forms.Field]:
    """A form field for each declared custom attribute."""
    return {f"{CUSTOM_FIELD}{each.name}": _field(each) for each in AttributeDefinition.objects.all()}


def _field(definition: AttributeDefinition) -> forms.Field:
    shared: dict[str, Any] = {"label": definition.label, "required": False, "help_text": definition.description}
    if definition.multi_valued:
        shared["help_text"] = f"{definition.description} {_('Several values: separated by commas.')}".strip()
        field: forms.Field = forms.CharField(widget=UnfoldAdminTextInputWidget(), **shared)
        field.several_values = True  # type: ignore[attr-defined]
        return field
    if definition.kind == AttributeKind.BOOLEAN:
        return forms.BooleanField(widget=UnfoldBooleanSwitchWidget(), **shared)
    if definition.kind == AttributeKind.INTEGER:
        return forms.IntegerField(widget=UnfoldAdminTextInputWidget(), **shared)
    if definition.kind == AttributeKind.DECIMAL:
        return forms.FloatField(widget=UnfoldAdminTextInputWidget(), **shared)
    return forms.CharField(widget=UnfoldAdminTextInputWidget(), **shared)


class MultiValueForm(forms.ModelForm):  # type: ignore[type-arg]
    """One e-mail address, phone number, ... Those of other origins are locked."""

    attribute = forms.ChoiceField(
        choices=EDITED_MULTI_VALUES, widget=UnfoldAdminSelectWidget(), label=gettext_lazy("Kind")
    )
    value = forms.CharField(max_length=1024, widget=UnfoldAdminTextInputWidget(), label=gettext_lazy("Value"))

    class Meta:
        model = MultiValue
        fields = ("attribute", "value", "type", "primary")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = str(field.label)
        if is_locked(self.instance):
            for field in self.fields.values():
                field.disabled = True
            row = f"{self.instance.attribute}.{self.instance.pk}"
            self.fields["value"].help_text = _owned_by(self.instance.origin, OriginNames(), self.instance.user_id, row)


class MultiValueFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """The values of one person; what others own is not taken away in passing."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """The box that removes a value, which is locked with the value; whoever only looks has none."""
        super().add_fields(form, index)
        if is_locked(form.instance) and "DELETE" in form.fields:
            form.fields["DELETE"].disabled = True


def is_locked(row: MultiValue) -> bool:
    """Whether somebody else owns a value."""
    return row.pk is not None and row.origin != ADMIN_ORIGIN


def _owned_by(owner: str, names: OriginNames, user: object, what: str) -> str:
    """Whose a locked value is, and the way to override it."""
    url = reverse("admin:identities_user_override", args=[user, what])
    words = _("Owned by %(owner)s.") % {"owner": names.name(owner)}
    return format_html('{} <a href="{}">{}</a>', words, url, _("Override"))
