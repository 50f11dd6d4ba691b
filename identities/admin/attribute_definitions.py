"""Custom attributes of people."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from identities.actions.attribute_definitions import (
    create_attribute_definition,
    delete_attribute_definitions_many,
    update_attribute_definition,
)
from identities.actions.batches import all_of
from identities.admin.action_admin import ActionModelAdmin, actor_of
from identities.models import AttributeDefinition


@admin.register(AttributeDefinition)
class AttributeDefinitionAdmin(ActionModelAdmin):
    """Declares which further values people have. A declared name and type stay as they are."""

    list_display = ("label", "name", "kind", "multi_valued", "required", "mutability", "uniqueness")
    search_fields = ("name", "label")
    empty_words = gettext_lazy("Declare what else is known of people here: a badge number, a shoe size, a car park.")
    deletion_words = gettext_lazy("The attribute is not shown and not accepted any more.")
    fields = (
        "name",
        "label",
        "kind",
        "multi_valued",
        "required",
        "sensitive",
        "mutability",
        "uniqueness",
        "description",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: AttributeDefinition | None = None) -> tuple[str, ...]:
        """Values already stored depend on name and type."""
        return ("name", "multi_valued") if obj else ()

    def write(self, request: HttpRequest, form: Any, formsets: list[Any], change: bool) -> AttributeDefinition:
        """Declare or relabel."""
        if change:
            return update_attribute_definition(form.instance, actor=actor_of(request), changes=form.cleaned_data)
        return create_attribute_definition(actor=actor_of(request), **form.cleaned_data)

    def remove(self, request: HttpRequest, objects: Any, reason: str = "") -> None:
        """Withdraw declarations."""
        all_of(delete_attribute_definitions_many(list(objects), actor=actor_of(request, reason)))
