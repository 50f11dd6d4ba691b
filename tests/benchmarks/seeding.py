"""Fill the portal's database with people and groups, in the portal's own environment; prints what was made as JSON."""

import json
import sys
from uuid import UUID

import django

django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from identities.actions.associations import associate  # noqa: E402
from identities.actions.clients import create_client, issue_token  # noqa: E402
from identities.actions.groups import create_group  # noqa: E402
from identities.actions.memberships import add_members  # noqa: E402
from identities.actions.users import NewUser, UserAttributes, create_users_many  # noqa: E402
from identities.actors import Actor, command_actor, scim_actor  # noqa: E402
from identities.models import ApiClient, ClientAssociation, User  # noqa: E402

BOSSES = 100
# Groups of so many members: how many.
GROUPS = {10: 300, 1000: 10, 10_000: 4}
# People who are added to groups.
STRANGERS = 5000


def person(name: str, number: int, manager: UUID | None) -> NewUser:
    """One of many: 500 family names, each e-mail address tells which."""
    values = {
        "user_name": f"{name}{number:06d}",
        "given_name": f"Given{number % 97}",
        "family_name": f"Family{number % 500:03d}",
        "display_name": f"Given{number % 97} Family{number % 500:03d}",
        "title": "Tour guide",
        "department": f"Department {number % 30}",
        "employee_number": str(number),
        **({"manager": manager} if manager else {}),
    }
    email = {"value": f"{name}{number:06d}.f{number % 500:03d}@example.com", "type": "work", "primary": True}
    return NewUser(UserAttributes(values, {"emails": [email]}))


def make_people(name: str, number: int, client: ApiClient, actor: Actor) -> list[UUID]:
    """The people, whom the client knows; everybody but the first has a manager."""
    made: list[UUID] = []
    for start in range(0, number, BOSSES):
        bosses = made[:BOSSES]
        rows = [person(name, each, bosses[each % BOSSES] if bosses else None) for each in range(start, start + BOSSES)]
        users = [user for user in create_users_many(rows, actor=actor) if isinstance(user, User)]
        ClientAssociation.objects.bulk_create(
            ClientAssociation(client=client, user=user, created_at=timezone.now()) for user in users
        )
        made += [user.pk for user in users]
    return made


def make_groups(people: list[UUID], client: ApiClient, actor: Actor) -> dict[int, list[str]]:
    """Groups of each size that there are people for."""
    made: dict[int, list[str]] = {}
    for size, number in GROUPS.items():
        for each in range(number if size <= len(people) else 0):
            group = create_group(actor=actor, display_name=f"Group {each} of {size}")
            associate(client, group, actor=actor)
            first = each * size % (len(people) - size + 1)
            add_members(group, people[first : first + size], actor=actor)
            made.setdefault(size, []).append(str(group.pk))
    return made


def main() -> None:
    """Fill the database with as many people as told."""
    client = create_client("benchmark", actor=command_actor())
    actor = scim_actor(client.pk, client.name)
    people = make_people("user", int(sys.argv[1]), client, actor)
    strangers = make_people("stranger", STRANGERS, client, actor)
    made = {
        "token": issue_token(client, actor=command_actor()),
        "people": [str(pk) for pk in people],
        "strangers": [str(pk) for pk in strangers],
        "groups": make_groups(people, client, actor),
    }
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    sys.stdout.write(json.dumps(made))


if __name__ == "__main__":
    main()
