"""The console: paste a request of an API client and see how it would be answered, without changing anything."""

import json
import re
from typing import Any, Final
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from identities.actions.clients import record_trial
from identities.admin.action_admin import actor_of
from identities.admin.client_requests import json_block, reason_of
from identities.admin.differences import Differences
from identities.admin.note_words import note_in_words
from identities.admin.words import name_in_words
from identities.models import ApiClient
from identities.rules.expiry import is_expired
from identities.scim.console.rehearsal import Rehearsal, rehearse
from identities.scim.console.request_samples import RequestSample, request_samples
from identities.scim.in_process import Asked
from identities.scim.limits import MEDIA_TYPE

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
PERMISSION: Final = "identities.change_apiclient"
_LONGEST_BODY: Final = 200_000
_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e]*)")


class ConsoleForm(forms.Form):
    """A request, and whose it is."""

    client = forms.ModelChoiceField(
        label=gettext_lazy("As"), queryset=ApiClient.objects.order_by("name"), widget=UnfoldAdminSelectWidget()
    )
    method = forms.ChoiceField(
        label=gettext_lazy("Method"), choices=[(each, each) for each in METHODS], widget=UnfoldAdminSelectWidget()
    )
    path = forms.CharField(
        label=gettext_lazy("Path"),
        max_length=8000,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Below the address of the service, or the whole address."),
    )
    headers = forms.CharField(
        label=gettext_lazy("Headers"),
        required=False,
        max_length=8000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=gettext_lazy("One a line. Authorization is left out: the client is chosen above."),
    )
    body = forms.CharField(
        label=gettext_lazy("Body"),
        required=False,
        max_length=_LONGEST_BODY,
        strip=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 12, "spellcheck": "false"}),
    )

    def clean_path(self) -> str:
        """The path, if it can be one."""
        try:
            urlsplit(self.cleaned_data["path"])
        except ValueError as error:
            raise ValidationError(_("This is no address.")) from error
        return self.cleaned_data["path"]  # type: ignore[no-any-return]

    def clean_headers(self) -> dict[str, str]:
        """The headers by name."""
        found = {"Content-Type": MEDIA_TYPE}
        for line in filter(str.strip, self.cleaned_data["headers"].splitlines()):
            if (parts := _HEADER.fullmatch(line.strip())) is None:
                raise ValidationError(_("This is no header: %(line)s") % {"line": line[:80]})
            found = {name: value for name, value in found.items() if name.lower() != parts[1].lower()}
            found[parts[1]] = parts[2]
        return found


def console(request: HttpRequest) -> HttpResponse:
    """The page; a request that is sent to it is tried."""
    if not request.user.has_perm(PERMISSION):  # type: ignore[union-attr]
        raise PermissionDenied
    client = _chosen_client(request)
    samples = request_samples(client) if client else ()
    form = ConsoleForm(request.POST if request.method == "POST" else None, initial=_initial(request, client, samples))
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("Try a request"),
        "form": form,
        "client": client,
        "is_empty": client is None and not ApiClient.objects.exists(),
        "samples": samples,
        "warning": _warning(client) if client else "",
    }
    if form.is_bound and form.is_valid():
        context["tried"] = _try(request, form.cleaned_data)
    return TemplateResponse(request, "admin/console.html", context)


def _chosen_client(request: HttpRequest) -> ApiClient | None:
    """The client that was chosen, or the first one."""
    chosen = request.POST.get("client") or request.GET.get("client")
    field = ConsoleForm.base_fields["client"]
    if chosen:
        try:
            return field.clean(chosen)  # type: ignore[no-any-return]
        except ValidationError:
            return None
    return ApiClient.objects.order_by("name").first()


def _initial(request: HttpRequest, client: ApiClient | None, samples: tuple[RequestSample, ...]) -> dict[str, Any]:
    sample = next((each for each in samples if each.key == request.GET.get("sample")), samples[0] if samples else None)
    filled = {"method": sample.method, "path": sample.path, "body": sample.body} if sample else {}
    return {"client": client, **filled}


def _warning(client: ApiClient) -> str:
    """What keeps the client from being answered like this just now."""
    if not client.enabled:
        return _("%(client)s is disabled: at present its requests are answered with 401.") % {"client": client}
    if is_expired(client.expires_at, timezone.now()):
        return _("%(client)s has expired: at present its requests are answered with 401.") % {"client": client}
    return ""


def _try(request: HttpRequest, asked: dict[str, Any]) -> dict[str, Any]:
    """Rehearse the request, record that it was tried, and say what would have happened."""
    actor = actor_of(request)
    body = asked["body"].encode(errors="replace")
    sent = Asked(asked["method"], asked["path"].strip(), asked["headers"], body)
    found = rehearse(asked["client"], sent, remote_address=actor.remote_address or "127.0.0.1")
    path = found.line.path if found.line else urlsplit(sent.path).path[:500]
    record_trial(asked["client"], sent.method, path, found.response.status_code, actor=actor)
    return _told(found)


def _told(found: Rehearsal) -> dict[str, Any]:
    differences = Differences(found.entries)
    line = found.line
    return {
        "status": found.response.status_code,
        "refused": found.response.status_code >= 400,
        "milliseconds": found.milliseconds,
        "headers": [f"{name}: {value}" for name, value in found.response.items()],
        "body": _body(found.response),
        "why": reason_of(line) if line else "",
        "notes": [note_in_words(note) for note in line.notes] if line else [],
        "entries": [
            {"verb": name_in_words(each.verb), "subject": each.object_repr, "differences": differences.render(each)}
            for each in found.entries
        ],
        "events": [name_in_words(each.kind) for each in found.events],
    }


def _body(response: HttpResponse) -> str:
    if not response.content:
        return ""
    try:
        return json_block(json.loads(response.content), _("What would be answered"))
    except ValueError:
        return json_block(response.content.decode(errors="replace"), _("What would be answered"))
