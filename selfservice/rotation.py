"""Letting go of a key: every second factor is encrypted with the first one."""

from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.db import transaction

from identities import audit
from identities.actors import Actor
from identities.vocabulary import Verb
from selfservice.mfa_adapter import rotate

# What allauth encrypts in `Authenticator.data`: a TOTP secret, the seed of recovery codes, codes of another system.
ENCRYPTED = ("secret", "seed", "migrated_codes")


def rotate_every_second_factor(*, actor: Actor) -> tuple[int, list[str]]:
    """Encrypt all second factors with the first of VAULT_KEYS, each in its own transaction.

    A code that is used at the same moment may bring the old text back: repeat it until nothing is left to do.

    Returns:
        How many it was done to; those already under that key are not touched. And the user names of those whose factor
        no key opens: they have to set it up anew.
    """
    done, unreadable = 0, []
    for pk, user_name in Authenticator.objects.order_by("pk").values_list("pk", "user__user_name"):
        try:
            done += _rotate(pk, actor)
        except InvalidToken:
            unreadable.append(user_name)
    return done, unreadable


@transaction.atomic
def _rotate(pk: int, actor: Actor) -> bool:
    factor = Authenticator.objects.select_for_update().select_related("user").filter(pk=pk).first()
    if factor is None:
        return False
    data = {name: _rotated(value) if name in ENCRYPTED else value for name, value in factor.data.items()}
    if data == factor.data:
        return False
    Authenticator.objects.filter(pk=pk).update(data=data)
    audit.record(Verb.USER_SECOND_FACTOR_ROTATED, factor.user, actor=actor, factor=factor.type)
    return True


def _rotated(value: Any) -> Any:
    return [rotate(each) for each in value] if isinstance(value, list) else rotate(value)
