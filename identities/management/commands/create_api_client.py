"""`manage.py create_api_client NAME`: an API client with a token, for scripts."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from identities.actions import clients
from identities.actions.batches import all_of
from identities.actors import Actor, command_actor
from identities.errors import IdentityError
from identities.models import ApiClient
from identities.vocabulary import USUAL_SCOPES, AdoptionRule, ClientProfile, ClientScope


class Command(BaseCommand):
    """Prints the token alone.

    Exit status: 0 done; 1 the name does not fit or is taken (unless --rotate); 2 wrong arguments.
    """

    help = "Create an API client and print its token, which is not kept and cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """NAME, --profile, --scopes, --adopt, --rotate, --json."""
        parser.add_argument("name")
        parser.add_argument(
            "--profile",
            choices=[each.value for each in ClientProfile],
            help="whose requests it sends (default: rfc)",
        )
        parser.add_argument(
            "--scopes",
            nargs="+",
            choices=[each.value for each in ClientScope],
            help="what it may do (default: read, write_users, write_groups)",
        )
        parser.add_argument(
            "--adopt",
            choices=[each.value for each in AdoptionRule],
            help="whether it may adopt people who are there already, and by which key of theirs (default: refuse)",
        )
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
        with transaction.atomic():
            client = ApiClient.objects.filter(name=options["name"]).first() if options["rotate"] else None
            if client is None:
                client = clients.create_client(
                    options["name"],
                    actor=actor,
                    profile=options["profile"] or ClientProfile.RFC,
                    scopes=options["scopes"] or USUAL_SCOPES,
                    adoption_rule=options["adopt"] or AdoptionRule.REFUSE,
                )
            elif options["profile"] or options["scopes"] or options["adopt"]:
                raise CommandError(f"{client.name} is there already: --rotate changes its token alone.")
            all_of(clients.revoke_tokens_many(list(clients.live_tokens(client)), actor=actor))
            return client, clients.issue_token(client, actor=actor)
