"""Which attributes people have now."""

from identities.models import AttributeDefinition
from identities.rules.attributes import CUSTOM_PREFIX, SINGLE_VALUED, VALUE_LENGTHS


def known_attributes() -> list[str]:
    """The names of all attributes whose values have owners, as actions use them; the custom ones that are declared."""
    declared = AttributeDefinition.objects.order_by("name").values_list("name", flat=True)
    return [*SINGLE_VALUED, *VALUE_LENGTHS, *(f"{CUSTOM_PREFIX}{name}" for name in declared)]
