"""Letting go of a key: every system's secrets are encrypted with the first one."""

from uuid import UUID

from django.db import transaction

from connectors import vault
from connectors.actions.systems.settings import locked_system
from connectors.models import ConnectedSystem
from connectors.vocabulary import SystemVerb
from identities import audit
from identities.actors import Actor


def rotate_every_secret(*, actor: Actor) -> tuple[int, list[str]]:
    """Encrypt the secrets of all systems with the first of VAULT_KEYS, each system in its own transaction.

    Returns:
        How many systems it was done to; those already under that key are not touched. And the names of those whose
        secrets no key opens: somebody has to enter them anew.
    """
    done, unreadable = 0, []
    for pk, name in ConnectedSystem.objects.exclude(sealed_secrets="").order_by("name").values_list("pk", "name"):
        try:
            done += _rotate(pk, actor)
        except vault.VaultError:
            unreadable.append(name)
    return done, unreadable


@transaction.atomic
def _rotate(pk: UUID, actor: Actor) -> bool:
    system = locked_system(pk)
    sealed = vault.rotate(system.sealed_secrets)
    if sealed == system.sealed_secrets:
        return False
    ConnectedSystem.objects.filter(pk=pk).update(sealed_secrets=sealed)
    audit.record(SystemVerb.SYSTEM_SECRETS_ROTATED, system, actor=actor)
    return True
