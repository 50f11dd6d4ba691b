"""Users and groups in SCIM form: the stored text, the adapters, and the document filters and mappings see."""

from identities.representation.document import document
from identities.representation.group import GroupAdapter, group_stored_text
from identities.representation.rendering import RENDERING_VERSION
from identities.representation.user import UserAdapter, stored_text

__all__ = ["RENDERING_VERSION", "GroupAdapter", "UserAdapter", "document", "group_stored_text", "stored_text"]
