"""Finding people as others name them."""

from uuid import UUID

from identities.canonical import fold
from identities.errors import NotFound
from identities.models import User
from identities.rules.naming import is_storable


def person_called(text: str) -> User:
    """The person with this user name or id, deleted ones by id only.

    Raises:
        NotFound: code `user_not_found`.
    """
    people = User.objects.get_queryset()
    if is_storable(text):
        found = people.filter(user_name_key=fold(text)).first() or people.filter(pk=_id(text)).first()
        if found is not None:
            return found
    raise NotFound("user_not_found", f"There is no user {text}.", user=text)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
