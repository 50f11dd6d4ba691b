"""A page that shows a secret once: in the answer to the POST that made it, never stored, never cached."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers


@dataclass(frozen=True, slots=True)
class Card:
    """What to do with the secret, in steps."""

    title: str
    steps: tuple[str, ...]


def shown_once(
    request: HttpRequest, obj: models.Model, heading: str, secret: str, cards: Sequence[Card] = ()
) -> HttpResponse:
    """The page that shows `secret`, with a way back to the object it belongs to."""
    opts = obj._meta
    context = {
        **admin.site.each_context(request),
        "title": str(obj),
        "opts": opts,
        "heading": heading,
        "secret": secret,
        "cards": cards,
        "change_url": reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[obj.pk]),
    }
    response = TemplateResponse(request, "admin/shown_once.html", context)
    add_never_cache_headers(response)
    return response
