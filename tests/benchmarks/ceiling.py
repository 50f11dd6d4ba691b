"""What a perfect server could do on this stack: Django, one SQL statement, stored text, no sign-in, no middleware.

Its tables are filled from the portal's (`CEILING_TABLES`), so that both serve the same people.
"""

import json
import os
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

CEILING_TABLES = """
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE SCHEMA ceiling;
    CREATE TABLE ceiling.person AS
        SELECT u.id, row_number() OVER (ORDER BY u.created_at, u.id) AS position, u.user_name_key AS user_name,
            u.family_name_key AS family, u.given_name_key AS given, e.value_key AS email, u.display_name AS display,
            u.title, u.scim_text AS doc
        FROM identities_user u JOIN identities_multivalue e ON e.user_id = u.id AND e.attribute = 'emails';
    ALTER TABLE ceiling.person ADD PRIMARY KEY (id);
    CREATE UNIQUE INDEX ON ceiling.person (user_name);
    CREATE UNIQUE INDEX ON ceiling.person (position);
    CREATE INDEX ON ceiling.person USING gin (email gin_trgm_ops);
    CREATE TABLE ceiling.total AS SELECT count(*) AS number FROM ceiling.person;
    CREATE TABLE ceiling.created (id uuid PRIMARY KEY, user_name text UNIQUE, email text, doc text);
    CREATE INDEX ON ceiling.created (email);
    CREATE TABLE ceiling.grp AS SELECT id, display_name AS display, 0 AS version FROM identities_group;
    ALTER TABLE ceiling.grp ADD PRIMARY KEY (id);
    CREATE TABLE ceiling.member AS SELECT group_id AS grp, user_id AS person FROM identities_membership;
    CREATE INDEX ON ceiling.member (grp);
    ANALYZE;
"""
PAGE = 100


def person(request: HttpRequest, pk: str) -> HttpResponse:
    """One person, by its id."""
    if request.method == "GET":
        return _answer(_one("SELECT doc FROM ceiling.person WHERE id = %s", [pk])[0])
    if request.method == "DELETE":
        _write("DELETE FROM ceiling.created WHERE id = %s", [pk])
        return HttpResponse(status=204)
    body = json.loads(request.body)
    if request.method == "PUT":
        text = json.dumps(body | {"id": pk})
        _write("UPDATE ceiling.person SET title = %s, doc = %s WHERE id = %s", [body["title"], text, pk])
        return _answer(text)
    title = body["Operations"][0]["value"]
    return _answer(_one("UPDATE ceiling.person SET title = %s WHERE id = %s RETURNING doc", [title, pk])[0])


def people(request: HttpRequest) -> HttpResponse:
    """A new person, or a page: of everybody, by user name, or by a complex filter."""
    if request.method == "POST":
        return _create(json.loads(request.body))
    if name := request.GET.get("name"):
        return _page(_all("SELECT doc, 1 FROM ceiling.person WHERE user_name = %s", [name]))
    if email := request.GET.get("email"):
        statement = """
            SELECT doc, count(*) OVER () FROM ceiling.person
            WHERE email LIKE %s AND (family LIKE %s OR given LIKE %s) ORDER BY position LIMIT 100
        """
        return _page(_all(statement, [f"%{email}%", f"{request.GET['family']}%", f"{request.GET['given']}%"]))
    statement = """
        SELECT doc, (SELECT number FROM ceiling.total) FROM ceiling.person
        WHERE position >= %s ORDER BY position LIMIT 100
    """
    return _page(_all(statement, [int(request.GET["start"])]))


def group(request: HttpRequest, pk: str) -> HttpResponse:
    """A group with its members as PostgreSQL builds it, or one more member."""
    if request.method == "PATCH":
        json.loads(request.body)
        _write("UPDATE ceiling.grp SET version = version + 1 WHERE id = %s", [pk])
        return HttpResponse(status=204)
    statement = """
        SELECT json_build_object('id', g.id, 'displayName', g.display, 'members', (
            SELECT json_agg(json_build_object('value', p.id, '$ref', 'http://localhost:8000/scim/v2/Users/' || p.id,
                'type', 'User', 'display', p.display))
            FROM ceiling.member m JOIN ceiling.person p ON p.id = m.person WHERE m.grp = g.id))::text
        FROM ceiling.grp g WHERE g.id = %s
    """
    return _answer(_one(statement, [pk])[0])


def _create(body: dict[str, Any]) -> HttpResponse:
    pk = uuid4()
    text = json.dumps(body | {"id": str(pk)})
    values = [pk, body["userName"], body["emails"][0]["value"], text]
    _write("INSERT INTO ceiling.created VALUES (%s, %s, %s, %s)", values)
    return _answer(text, 201)


def _page(rows: list[tuple[str, int]]) -> HttpResponse:
    total = rows[0][1] if rows else 0
    return _answer(f'{{"totalResults":{total},"Resources":[{",".join(text for text, _ in rows)}]}}')


def _answer(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(text, content_type="application/scim+json", status=status)


def _one(statement: str, values: list[Any]) -> Any:
    return _all(statement, values)[0]


def _all(statement: str, values: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def _write(statement: str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


urlpatterns = [path("people", people), path("people/<pk>", person), path("groups/<pk>", group)]


def make_application() -> Any:
    """The WSGI application, on the database that DATABASE_URL names."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    database = {"NAME": parts.path[1:], "USER": parts.username, "HOST": parts.hostname, "PORT": parts.port}
    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None, **database}},
    )
    return get_wsgi_application()
