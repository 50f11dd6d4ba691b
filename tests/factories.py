"""People, groups and the like for tests, made by the product's own actions."""

from itertools import count
from typing import Any

from identities.actions import administrators, clients, groups, org_units, users
from identities.actors import Actor, admin_actor, command_actor, scim_actor
from identities.models import ApiClient, Group, OrgUnit, User
from identities.vocabulary import Role

PASSWORD = "correct horse battery staple"
_numbers = count(1)


def actor() -> Actor:
    """Somebody with every right: the command line."""
    return command_actor("tests")


def make_person(
    user_name: str | None = None,
    *,
    by: Actor | None = None,
    emails: list[dict[str, Any]] | None = None,
    multi_values: dict[str, list[dict[str, Any]]] | None = None,
    suspended: bool = False,
    **values: Any,
) -> User:
    """A person; a name nobody has is made up where none is given."""
    name = user_name or f"person{next(_numbers)}"
    rows = {**(multi_values or {}), **({"emails": emails} if emails is not None else {})}
    attributes = users.UserAttributes({"user_name": name, **values}, rows)
    return users.create_user(actor=by or actor(), attributes=attributes, suspended=suspended)


def make_people(number: int, *, by: Actor | None = None, **values: Any) -> list[User]:
    """Many people in one batch."""
    rows = [
        users.NewUser(users.UserAttributes({"user_name": f"person{next(_numbers)}", **values})) for _ in range(number)
    ]
    made = users.create_users_many(rows, actor=by or actor())
    people = [person for person in made if isinstance(person, User)]
    assert len(people) == number, made
    return people


def make_operator(user_name: str | None = None, role: Role = Role.SUPERUSER) -> User:
    """An administrator who signs in with `PASSWORD`."""
    name = user_name or f"operator{next(_numbers)}"
    return administrators.create_operator(name, PASSWORD, role, actor=actor(), must_change_password=False)


def acting(operator: User) -> Actor:
    """This administrator as an actor."""
    return admin_actor(operator.pk, operator.user_name)


def make_group(display_name: str | None = None, *, by: Actor | None = None, description: str = "") -> Group:
    """An empty group."""
    return groups.create_group(
        actor=by or actor(), display_name=display_name or f"group{next(_numbers)}", description=description
    )


def make_org_unit(name: str | None = None, parent: OrgUnit | None = None, *, by: Actor | None = None) -> OrgUnit:
    """An org unit whose code is its name."""
    name = name or f"unit{next(_numbers)}"
    return org_units.create_org_unit(actor=by or actor(), name=name, code=name, parent=parent)


def make_client(name: str | None = None, **values: Any) -> ApiClient:
    """An API client without a token (see `clients.issue_token`)."""
    return clients.create_client(name or f"client{next(_numbers)}", actor=actor(), **values)


def client_actor(client: ApiClient) -> Actor:
    """This API client as an actor."""
    return scim_actor(client.pk, client.name)
