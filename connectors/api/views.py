"""The addresses of imports."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from connectors.actions import imports
from connectors.actions.import_profiles import profile_named
from connectors.api.problems import answer_problem
from connectors.api.representation import (
    ApplySerializer,
    ImportSerializer,
    RowsSerializer,
    address_of,
    import_content,
    row_contents,
)
from connectors.api.uploads import PARSERS, ObjectParser, uploaded
from connectors.engine.intake.result import rows_between
from connectors.models import Run
from connectors.vocabulary import RowState, RunKind
from identities.actors import Actor, scim_actor
from identities.errors import RuleViolation
from identities.models import ApiClient
from identities.scim.callers.authentication import BearerAuthentication
from identities.scim.callers.permissions import HasScope
from identities.scim.callers.throttling import ClientThrottle
from identities.vocabulary import Channel, ClientScope

PAGE_SIZE: Final = 100
LARGEST_PAGE: Final = 1000
_FURTHEST: Final = 10_000_000


class ImportApiView(APIView):
    """Base of every address: for API clients with the scope `import`, who see the imports they sent themselves."""

    authentication_classes = (BearerAuthentication,)
    permission_classes = (HasScope,)
    throttle_classes = (ClientThrottle,)

    def needed_scope(self, method: str | None) -> ClientScope:
        """The scope that every method needs."""
        return ClientScope.IMPORT

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response]:
        """Every refusal is a problem document."""
        return answer_problem

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Keep the answer out of caches."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", "private, no-store")
        return answer

    def actor(self, request: Request) -> Actor:
        """The client. What the import writes belongs to the file, as of every import: `file:<profile>`."""
        client = request.auth
        if not isinstance(client, ApiClient):
            raise TypeError("no client")
        return scim_actor(client.pk, client.name, request.META.get("REMOTE_ADDR")).through(Channel.IMPORT)

    def run(self, request: Request, pk: UUID) -> Run:
        """One of the client's own imports (raises Http404)."""
        own = Run.objects.filter(kind=RunKind.IMPORT, origin=self.actor(request).origin)
        found = own.select_related("profile").filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    def answer(self, run: Run, status_code: int = status.HTTP_200_OK) -> Response:
        """The import as it stands."""
        headers = {"Location": address_of(run)} if status_code != status.HTTP_200_OK else {}
        return Response(ImportSerializer(import_content(run)).data, status=status_code, headers=headers)


class ImportsView(ImportApiView):
    """Where files are sent to."""

    parser_classes = PARSERS

    @extend_schema(
        operation_id="startImport",
        parameters=[OpenApiParameter("profile", str), OpenApiParameter("file_name", str)],
        request={
            "multipart/form-data": {
                "type": "object",
                "properties": {
                    "profile": {"type": "string"},
                    "file": {"type": "array", "items": {"type": "string", "format": "binary"}},
                },
                "required": ["file"],
            },
            "application/octet-stream": bytes,
        },
        responses={202: ImportSerializer},
    )
    def post(self, request: Request) -> Response:
        """Keep the file and queue its plan. Nothing is changed before the plan is applied."""
        name, sources = uploaded(request)
        actor = self.actor(request)
        profile = profile_named(name, actor=actor)
        return self.answer(imports.start_import(sources, profile, actor=actor), status.HTTP_202_ACCEPTED)


class ImportView(ImportApiView):
    """One import."""

    @extend_schema(operation_id="readImport", responses=ImportSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        """Where it stands, what it would change, and what is wrong."""
        return self.answer(self.run(request, pk))


class RowsView(ImportApiView):
    """The rows of one import."""

    @extend_schema(
        operation_id="listImportRows",
        parameters=[
            OpenApiParameter("page", int, description="From 1."),
            OpenApiParameter("size", int, description=f"Up to {LARGEST_PAGE}; {PAGE_SIZE} if it is not said."),
            OpenApiParameter("state", str, enum=[state.value for state in RowState]),
        ],
        responses=RowsSerializer,
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """A page of rows, in the order of the file."""
        run = self.run(request, pk)
        page, size = _number(request, "page", 1, _FURTHEST), _number(request, "size", PAGE_SIZE, LARGEST_PAGE)
        rows = run.rows.order_by("part", "number")
        if state := request.query_params.get("state"):
            if state not in list(RowState):
                raise RuleViolation("invalid_value", _("There is no such state of a row."), field="state")
            rows = rows.filter(state=state)
        chosen = rows_between(rows, (page - 1) * size, page * size)
        content = {"page": page, "size": size, "total": rows.count(), "rows": row_contents(run, chosen)}
        return Response(RowsSerializer(content).data)


class ApplyView(ImportApiView):
    """Where a plan is applied."""

    parser_classes = (ObjectParser,)

    @extend_schema(operation_id="applyImport", request=ApplySerializer, responses={202: ImportSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Release the plan, or the chosen rows of it: a worker applies it."""
        run, asked = self.run(request, pk), ApplySerializer(data=request.data)
        if not asked.is_valid():
            field = next(iter(asked.errors))
            raise RuleViolation("invalid_value", f"{field}: {_first(asked.errors[field])}", field=field)
        run = imports.apply_import(run, actor=self.actor(request), **asked.validated_data)
        return self.answer(run, status.HTTP_202_ACCEPTED)


class CancelView(ImportApiView):
    """Where an import is given up."""

    parser_classes = (ObjectParser,)

    @extend_schema(operation_id="cancelImport", request=None, responses=ImportSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        """Give the import up; nothing was changed by it."""
        return self.answer(imports.cancel_import(self.run(request, pk), actor=self.actor(request)))


class UnknownAddress(ImportApiView):
    """Every other path: 404 for clients."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Whoever is a client may know that there is nothing here."""
        super().initial(request, *args, **kwargs)
        raise Http404


def _first(errors: Any) -> str:
    """The first of what a serializer says of a field."""
    while isinstance(errors, dict | list):
        errors = next(iter(errors.values() if isinstance(errors, dict) else errors))
    return str(errors)


def _number(request: Request, name: str, default: int, largest: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > len(str(largest)) or not 1 <= int(text) <= largest:
        told = {"name": name, "largest": largest}
        raise RuleViolation("invalid_value", _("%(name)s is a number from 1 to %(largest)d.") % told, field=name)
    return int(text)
