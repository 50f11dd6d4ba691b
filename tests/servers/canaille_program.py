"""Canaille, an identity provider by others, keeping its people in memory and telling a SCIM server of every change.

Runs in Canaille's own environment: `canaille_program.py SCIM_ADDRESS TOKEN`. Each line it reads is a JSON list: what to
do, and the object's name and values. It answers each with a line of JSON: the warnings that Canaille logged meanwhile.
"""

import datetime
import json
import logging
import secrets
import sys
from typing import Any
from urllib.parse import urlsplit

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend

Values = dict[str, Any]


class Warnings(logging.Handler):
    """Canaille logs what a SCIM server refuses, and goes on."""

    def __init__(self) -> None:
        """Keep what is at least a warning."""
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the text."""
        self.texts.append(record.getMessage())

    def take(self) -> list[str]:
        """The texts since the last time."""
        taken, self.texts = self.texts, []
        return taken


def make_app(address: str) -> Any:
    return create_app(
        config={
            "SECRET_KEY": secrets.token_hex(),
            "SERVER_NAME": "localhost:5000",
            "CANAILLE": {"DATABASE": "memory", "JAVASCRIPT": False, "HTMX": False},
            "CANAILLE_OIDC": {"TRUSTED_DOMAINS": [urlsplit(address).hostname]},
            "CANAILLE_SCIM": {"ENABLE_CLIENT": True},
        }
    )


def register(address: str, token: str) -> None:
    """Tell Canaille of the SCIM server and of the token it asks for."""
    now = datetime.datetime.now(datetime.UTC)
    client = models.Client(client_id="portal", client_name="portal", client_uri=address, client_id_issued_at=now)
    Backend.instance.save(client)
    Backend.instance.save(
        models.Token(
            token_id="portal",
            access_token=token,
            client=client,
            subject=None,
            audience=[client],
            scope=["openid"],
            type="access_token",
            issue_date=now,
            lifetime=3600,
        )
    )


def save_user(name: str, values: Values) -> None:
    user = Backend.instance.get(models.User, user_name=name) or models.User(user_name=name)
    if "locked" in values:
        locked = values.pop("locked")
        user.lock_date = datetime.datetime.now(datetime.UTC) if locked else None
    for attribute, value in values.items():
        setattr(user, attribute, value)
    Backend.instance.save(user)


def delete_user(name: str, values: Values) -> None:
    Backend.instance.delete(Backend.instance.get(models.User, user_name=name))


def save_group(name: str, values: Values) -> None:
    group = Backend.instance.get(models.Group, display_name=name) or models.Group(display_name=name)
    group.members = [Backend.instance.get(models.User, user_name=each) for each in values["members"]]
    Backend.instance.save(group)


def delete_group(name: str, values: Values) -> None:
    Backend.instance.delete(Backend.instance.get(models.Group, display_name=name))


COMMANDS = {each.__name__: each for each in (save_user, delete_user, save_group, delete_group)}

if __name__ == "__main__":
    app = make_app(sys.argv[1])
    warnings = Warnings()
    app.logger.addHandler(warnings)
    with app.app_context():
        register(sys.argv[1], sys.argv[2])
        for line in sys.stdin:
            what, name, values = json.loads(line)
            COMMANDS[what](name, values)
            sys.stdout.write(f"{json.dumps(warnings.take())}\n")
            sys.stdout.flush()
