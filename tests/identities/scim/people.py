"""People whom an API client knows, made in one go."""

from uuid import UUID

from django.utils import timezone

from identities.actions.users import create_users_many
from identities.actions.users.arguments import NewUser
from identities.actors import command_actor
from identities.models import ApiClient, ClientAssociation


def associate_new(client: ApiClient, people: list[NewUser]) -> list[UUID]:
    """Create these people as ones whom this client knows; their ids."""
    users = create_users_many(people, actor=command_actor())
    rows = [ClientAssociation(client=client, user=user, created_at=timezone.now()) for user in users]
    ClientAssociation.objects.bulk_create(rows)
    return [row.user.pk for row in rows if row.user]
