"""Doing one action to what was chosen from a list of operations or links, once that is confirmed."""

from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from connectors.actions.each import Act, each_of
from identities.admin.action_admin import ActionModelAdmin, actor_of

__all__ = ["Act", "EachOfChosen"]
SHOWN_REFUSALS: Final = 5


class EachOfChosen(ActionModelAdmin):
    """A list whose objects can be chosen and acted on one after the other."""

    def do_to_each(self, request: HttpRequest, chosen: "QuerySet[Any]", key: str, act: Act) -> HttpResponse | None:
        """Ask as the object action `key` asks, then do it to each, and tell how many it was done to and what was
        refused.
        """

        def perform(cleaned: dict[str, Any]) -> None:
            done, refused = each_of(act, chosen, actor=actor_of(request, cleaned.get("reason", "")))
            for refusal in refused[:SHOWN_REFUSALS]:
                self.message_user(request, refusal, "ERROR")
            if len(refused) > SHOWN_REFUSALS:
                more = len(refused) - SHOWN_REFUSALS
                self.message_user(request, _("%(number)d more were refused.") % {"number": more}, "ERROR")
            if done:
                told = {"number": done, "name": self.opts.verbose_name_plural if done > 1 else self.opts.verbose_name}
                self.message_user(request, _("Done for %(number)d %(name)s.") % told, "SUCCESS")

        return self.ask_about_chosen(request, chosen, key, perform)
