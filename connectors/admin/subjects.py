"""Where the administration shows the objects that links and operations are about."""

from uuid import UUID

from django.urls import reverse


def model_name(object_type: str) -> str:
    """The name of the object's model, as it stands in addresses and permissions."""
    return object_type.replace("_", "")


def subject_url(object_type: str, object_id: UUID) -> str:
    """The address of the object's own page."""
    return reverse(f"admin:identities_{model_name(object_type)}_change", args=[object_id])
