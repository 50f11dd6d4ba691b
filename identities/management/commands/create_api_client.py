"""`manage.py create_api_client NAME`: an API client with a token, for scripts."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from identities.actions import clients
from identities.actions.batches import all_of
from identities.actors import Actor, command_actor
from identities.errors import IdentityError
from identities.models import ApiClient
from identities.vocabulary import AdoptionRule, ClientProfile, ClientScope, ClientSight, PayloadKeeping


def _moment(text: str) -> datetime:
    """A date or a time in ISO 8601; without a zone it is the portal's."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no date or time in ISO 8601") from error
    return timezone.make_aware(found) if timezone.is_naive(found) else found


# Field of `NewClient`, option, and how argparse reads it. What is not given is as for any new client.
OPTIONS: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("profile", "--profile", {"choices": list(ClientProfile), "help": "whose requests it sends (default: rfc)"}),
    (
        "scopes",
        "--scopes",
        {
            "nargs": "+",
            "choices": list(ClientScope),
            "help": "what it may do (default: read, write_users, write_groups)",
        },
    ),
    (
        "adoption_rule",
        "--adopt",
        {
            "choices": list(AdoptionRule),
            "help": "whether it may adopt people who are there already, and by which key of theirs (default: refuse)",
        },
    ),
    (
        "adoption_owns_lifecycle",
        "--own-adopted",
        {"action": "store_true", "help": "it owns the lifecycle of people it adopts, and so may delete them"},
    ),
    ("sight", "--sees", {"choices": list(ClientSight), "help": "whom it may read (default: own)"}),
    ("bounds", "--only", {"metavar": "FILTER", "help": "a SCIM filter: nobody else exists for it"}),
    (
        "read_only_attributes",
        "--may-not-write",
        {"nargs": "+", "metavar": "ATTRIBUTE", "help": "such as title, emails, active or custom.badge"},
    ),
    ("rate_limit", "--rate", {"type": int, "metavar": "REQUESTS", "help": "how many it may send in 10 seconds"}),
    (
        "allowed_networks",
        "--networks",
        {"nargs": "+", "metavar": "CIDR", "help": "from where it may call (default: from anywhere)"},
    ),
    (
        "kept_payloads",
        "--keep",
        {"choices": list(PayloadKeeping), "help": "of which requests the log keeps what was sent (default: refused)"},
    ),
    (
        "expires_at",
        "--expires",
        {"type": _moment, "metavar": "WHEN", "help": "a date, which is its first moment, or a time, in ISO 8601"},
    ),
)


class Command(BaseCommand):
    """Prints the token alone.

    Exit status: 0 done; 1 a value does not fit or the name is taken (unless --rotate); 2 wrong arguments.
    """

    help = "Create an API client and print its token, which is not kept and cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """NAME, those of `OPTIONS`, --rotate, --json."""
        parser.add_argument("name")
        for field, option, how in OPTIONS:
            parser.add_argument(option, dest=field, default=None, **how)
        parser.add_argument(
            "--rotate",
            action="store_true",
            help="give an existing client a new token and revoke all others; it stays as it is otherwise",
        )
        parser.add_argument("--json", action="store_true", help="print id, name, profile and token as a JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create or rotate, and print."""
        try:
            client, token = self._issue(options, command_actor())
        except IdentityError as refusal:
            raise CommandError(refusal.message) from refusal
        if options["json"]:
            shown = {"id": str(client.pk), "name": client.name, "profile": client.profile, "token": token}
            self.stdout.write(json.dumps(shown))
        else:
            self.stdout.write(token)

    def _issue(self, options: dict[str, Any], actor: Actor) -> tuple[ApiClient, str]:
        given = {field: options[field] for field, _option, _how in OPTIONS if options[field] is not None}
        with transaction.atomic():
            client = ApiClient.objects.filter(name=options["name"]).first() if options["rotate"] else None
            if client is None:
                client = clients.create_client(options["name"], actor=actor, **given)
            elif given:
                raise CommandError(f"{client.name} is there already: --rotate changes its token alone.")
            all_of(clients.revoke_tokens_many(list(clients.live_tokens(client)), actor=actor))
            return client, clients.issue_token(client, actor=actor)
