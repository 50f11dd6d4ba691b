"""Letting go of values that administrators own, so that the next source that writes them owns them."""

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from identities.actions.users import release_ownership
from identities.actors import ADMIN_ORIGIN
from identities.admin.action_admin import actor_of
from identities.admin.user_form import EDITED_MULTI_VALUES, attribute_in_words, custom_labels, value_shown
from identities.models import User
from identities.rules.attributes import CUSTOM_PREFIX, PRIMARY_SUFFIX, SINGLE_VALUED
from identities.rules.ownership import owner_of


def release_form(user: User) -> type[forms.Form]:
    """The form that asks which of the values of this user that administrators own to let go of."""
    field = forms.MultipleChoiceField(
        label=_("Values"), widget=UnfoldAdminCheckboxSelectMultipleWidget(), choices=_owned(user)
    )
    return type("ReleaseForm", (forms.Form,), {"attributes": field})


def may_own_values(user: User) -> bool:
    """Whether administrators own values of this user, as far as can be said without reading more."""
    return user.deleted_at is None and ADMIN_ORIGIN in (user.default_origin, *user.owners.values())


def release(request: HttpRequest, user: User, cleaned: dict[str, list[str]]) -> str:
    """Let go of the chosen values, and say so."""
    release_ownership(user, actor=actor_of(request), attributes=cleaned["attributes"])
    return _("%(number)d values belong to whoever writes them next.") % {"number": len(cleaned["attributes"])}


def _owned(user: User) -> list[tuple[str, str]]:
    names = (*SINGLE_VALUED, *(f"{CUSTOM_PREFIX}{name}" for name in user.custom))
    labels = custom_labels()
    owned = [
        (name, attribute_in_words(name, labels))
        for name in names
        if owner_of(name, value_shown(user, name), user.owners, user.default_origin) == ADMIN_ORIGIN
    ]
    chosen = set(user.multi_values.filter(primary=True).values_list("attribute", flat=True))
    for many, label in EDITED_MULTI_VALUES:
        name = f"{many}{PRIMARY_SUFFIX}"
        if owner_of(name, many in chosen or None, user.owners, user.default_origin) == ADMIN_ORIGIN:
            owned.append((name, _("%(what)s: which one is primary") % {"what": label}))
    return owned
