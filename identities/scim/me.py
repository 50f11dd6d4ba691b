"""`/Me`: people and their own record (RFC 7644 section 3.11)."""

from dataclasses import replace
from typing import Any, NoReturn

from rest_framework.request import Request
from rest_framework.response import Response
from scim2_models import NotImplementedException

from identities.actors import self_actor
from identities.scim.callers.persons import IsPerson, OwnSession, PersonAuthentication
from identities.scim.callers.throttling import PersonThrottle
from identities.scim.endpoints import asked_for, represented, unless_known
from identities.scim.reading.projection import Projection
from identities.scim.reading.renderings import read_own
from identities.scim.views import ScimView
from identities.scim.wire.versions import Preconditions
from identities.scim.writing.own_record import OwnCall, own_record, patch_own, replace_own
from identities.vocabulary import Channel


class MeView(ScimView):
    """The caller's own record, answered as under `/Users`, with all of the person's groups."""

    authentication_classes = (PersonAuthentication, OwnSession)
    permission_classes = (IsPerson,)
    throttle_classes = (PersonThrottle,)
    kind = "me"

    @property
    def allowed_methods(self) -> list[str]:
        """Those that do something: the others are answered, and not offered."""
        return [method for method in super().allowed_methods if method not in ("POST", "DELETE")]

    def get(self, request: Request) -> Response:
        """The record, or 304 if the caller has this version."""
        return unless_known(request, self._shown(request, asked_for(request, "User")))

    def put(self, request: Request) -> Response:
        """Replace the record, as far as it is the person's."""
        wanted = asked_for(request, "User")
        replace_own(self._own_call(request), request.data)
        return self._shown(request, wanted)

    def patch(self, request: Request) -> Response:
        """Change the record in parts."""
        wanted = asked_for(request, "User")
        patch_own(self._own_call(request), request.data)
        return self._shown(request, wanted)

    def post(self, request: Request) -> NoReturn:
        """People are not created here, and do not delete themselves."""
        raise NotImplementedException(detail=f"{request.method} is not supported at /Me.")

    delete = post

    def _own_call(self, request: Request) -> OwnCall:
        user: Any = request.user
        actor = self_actor(user.pk, user.user_name, request.META.get("REMOTE_ADDR"))
        return OwnCall(user.pk, replace(actor, channel=Channel.SCIM), Preconditions.of(request))

    def _shown(self, request: Request, wanted: Projection) -> Response:
        user: Any = request.user
        return represented(read_own(own_record(user.pk), wanted))
