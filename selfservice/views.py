"""The pages of the self-service portal."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from identities.models import User
from selfservice.own_record import record_rows


@require_safe
@never_cache
@login_required
def own_record(request: HttpRequest) -> HttpResponse:
    """A signed-in person's own record, read-only."""
    user = User.objects.present().select_related("org_unit", "manager").get(pk=request.user.pk)
    return render(request, "selfservice/own_record.html", {"rows": record_rows(user)})
