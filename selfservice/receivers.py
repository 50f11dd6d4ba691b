"""What allauth reports about credentials, passed on to the actions that audit it and end other sessions."""

from typing import Any

from allauth.account import signals as account_signals
from allauth.account.models import EmailAddress
from allauth.mfa import signals as factor_signals
from allauth.mfa.models import Authenticator
from django.contrib.auth import update_session_auth_hash
from django.dispatch import receiver
from django.http import HttpRequest

from identities.actions import credentials
from identities.models import User
from identities.vocabulary import Verb
from selfservice.acting import acting_on_self, address_of
from selfservice.deferred import run_later


@receiver(factor_signals.authenticator_added)
def factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """A second factor stands."""
    _factor_changed(Verb.USER_SECOND_FACTOR_ADDED, request, user, authenticator)


@receiver(factor_signals.authenticator_removed)
def factor_removed(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """A second factor is gone."""
    _factor_changed(Verb.USER_SECOND_FACTOR_REMOVED, request, user, authenticator)


@receiver(factor_signals.authenticator_reset)
def factor_renewed(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Recovery codes were replaced."""
    _factor_changed(Verb.USER_SECOND_FACTOR_RENEWED, request, user, authenticator)


@receiver(factor_signals.authentication_failed)
def second_factor_failed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """A wrong code."""
    run_later(credentials.record_failed_sign_in, user.user_name, remote_address=address_of(request))


@receiver(account_signals.authentication_step_completed)
def step_completed(request: HttpRequest, **kwargs: Any) -> None:
    """Whoever has just proved themselves again goes on in a new session."""
    if kwargs.get("reauthenticated"):
        request.session.cycle_key()


@receiver(account_signals.email_confirmed)
def address_proved(request: HttpRequest, email_address: EmailAddress, **kwargs: Any) -> None:
    """An address can reset the password from now on."""
    _address_changed(Verb.USER_ADDRESS_PROVED, request, email_address)


@receiver(account_signals.email_removed)
def address_removed(request: HttpRequest, email_address: EmailAddress, **kwargs: Any) -> None:
    """An address cannot reset the password any more."""
    _address_changed(Verb.USER_ADDRESS_REMOVED, request, email_address)


def _factor_changed(verb: Verb, request: HttpRequest, user: User, authenticator: Authenticator) -> None:
    credentials.record_second_factor(user, verb, authenticator.type, actor=acting_on_self(user, request))
    update_session_auth_hash(request, user)


def _address_changed(verb: Verb, request: HttpRequest, email_address: EmailAddress) -> None:
    user = User.objects.get(pk=email_address.user_id)
    credentials.record_address(user, verb, email_address.email, actor=acting_on_self(user, request))
