"""The pages of the self-service portal that are not allauth's."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from identities.models import User
from selfservice.own_record import record_rows


@require_safe
@never_cache
def own_record(request: HttpRequest) -> HttpResponse:
    """A signed-in person's own record, read-only; everybody else is asked to sign in."""
    if not request.user.is_authenticated:
        # No `next`: from here, administrators go to their work instead.
        return redirect("account_login")
    user = User.objects.present().select_related("org_unit", "manager").get(pk=request.user.pk)
    return render(request, "selfservice/own_record.html", {"rows": record_rows(user)})


@require_safe
def no_registration(request: HttpRequest) -> HttpResponse:
    """Says that nobody registers here."""
    return render(request, "account/signup_closed.html")


@require_safe
@login_required
def no_password(request: HttpRequest) -> HttpResponse:
    """Says to whoever signed in without a password that there is none to change."""
    return render(request, "selfservice/no_password.html")
