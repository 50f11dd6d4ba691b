"""Sections: the further pages of a person, group or org unit in the admin. Other apps register theirs in
`AppConfig.ready`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import models
from django.http import HttpRequest
from django.utils.functional import Promise

Render = Callable[[HttpRequest, models.Model], str]


@dataclass(frozen=True, slots=True)
class Section:
    """One further page of an object.

    Attributes:
        key: last part of its address.
        title: text of its tab.
        permission: permission codename (`connectors.view_link`) a viewer needs beside that of viewing the object.
        render: makes the page's content, as safe HTML, from the request and the object.
        last: stands after those of all apps.
    """

    key: str
    title: str | Promise
    permission: str
    render: Render
    last: bool = False


class SectionRegistry:
    """Sections by model, in the order of registration."""

    def __init__(self) -> None:
        self._sections: dict[str, dict[str, Section]] = {}

    def register(self, model: str, section: Section) -> None:
        """Add a section to the pages of `model` (a label such as `identities.User`).

        Raises:
            ValueError: the key is taken.
        """
        sections = self._sections.setdefault(model, {})
        if section.key in sections:
            raise ValueError(f"{model} already has a section {section.key}")
        sections[section.key] = section

    def of(self, model: type[models.Model]) -> tuple[Section, ...]:
        """The sections of a model, in the order of registration but for those that come last."""
        registered = self._sections.get(model._meta.label, {}).values()
        return tuple(sorted(registered, key=lambda section: section.last))

    def visible(self, model: type[models.Model], request: HttpRequest) -> tuple[Section, ...]:
        """The sections of a model that this viewer may open."""
        return tuple(section for section in self.of(model) if request.user.has_perm(section.permission))


sections = SectionRegistry()
