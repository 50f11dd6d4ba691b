"""The way back for somebody who lost their second factor."""

from typing import Any, Final

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from identities.actions import credentials
from identities.admin.action_admin import actor_of
from identities.admin.object_actions import ObjectAction, ReasonForm
from identities.models import User


def _remove(request: HttpRequest, user: User, cleaned: dict[str, Any]) -> str:
    credentials.remove_second_factors(user.pk, actor=actor_of(request), reason=cleaned["reason"])
    return _("The second factor of %(person)s is removed.") % {"person": user}


def _has_one(user: User) -> bool:
    return user.deleted_at is None and user.authenticator_set.exists()  # type: ignore[attr-defined]


REMOVE_SECOND_FACTOR: Final = ObjectAction(
    "second_factor",
    gettext_lazy("Remove the second factor"),
    gettext_lazy(
        "For somebody who lost it. Make sure that it is them who ask: until they set up a new one, the password alone "
        "lets in. Their sessions end at once, and their recovery codes go too."
    ),
    _remove,
    form=ReasonForm,
    offered=_has_one,
    dangerous=True,
)
