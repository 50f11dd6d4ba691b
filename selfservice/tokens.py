"""The page on which people make and revoke tokens for their own record."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from identities.actions.person_tokens import issue_person_token, revoke_person_token
from identities.errors import IdentityError
from identities.queries.tokens import live_person_tokens
from identities.vocabulary import UserKind
from selfservice.acting import acting_on_self


class TokenForm(forms.Form):
    """What the token is for."""

    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("What it is for, such as: my calendar."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def own_tokens(request: HttpRequest) -> HttpResponse:
    """The live tokens of a person, and a form for a new one, whose text this page shows once."""
    if _user(request).kind != UserKind.PERSON:
        raise Http404
    if request.method == "POST":
        return _issue(request)
    return _page(request, TokenForm())


@require_POST
@never_cache
@login_required
def revoke_own_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke a token of one's own."""
    user = _user(request)
    token = user.person_tokens.filter(pk=pk).first()
    if token is None:
        raise Http404
    revoke_person_token(token, actor=acting_on_self(user, request))
    return redirect("own_tokens")


@reauthentication_required  # type: ignore[untyped-decorator]  # allauth is untyped
def _issue(request: HttpRequest) -> HttpResponse:
    form = TokenForm(request.POST)
    secret = ""
    if form.is_valid():
        user = _user(request)
        try:
            secret = issue_person_token(user, actor=acting_on_self(user, request), name=form.cleaned_data["name"])
            form = TokenForm()
        except IdentityError as refusal:
            form.add_error("name", refusal.message)
    return _page(request, form, secret)


def _page(request: HttpRequest, form: TokenForm, secret: str = "") -> HttpResponse:
    context = {
        "form": form,
        "secret": secret,
        "tokens": live_person_tokens(_user(request)),
        "address": f"{settings.PORTAL_PUBLIC_URL}/scim/v2/Me",
    }
    return render(request, "selfservice/own_tokens.html", context)


def _user(request: HttpRequest) -> Any:
    return request.user
