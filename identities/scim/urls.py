"""Addresses below `/scim/v2`. A trailing slash is tolerated without a redirect; anything else is a 404 for clients."""

from django.urls import re_path

from identities.scim.discovery import ResourceTypesView, SchemasView, ServiceProviderConfigView
from identities.scim.endpoints import (
    BulkView,
    GroupsView,
    GroupView,
    OrgUnitsView,
    OrgUnitView,
    RootView,
    SearchView,
    UsersView,
    UserView,
)
from identities.scim.me import MeView
from identities.scim.views import UnknownEndpoint

app_name = "scim"

# What is asked for most comes first: they are tried in turn.
urlpatterns = [
    re_path(r"^Users/\.search/?$", SearchView.as_view(resource="User")),
    re_path(r"^Groups/\.search/?$", SearchView.as_view(resource="Group")),
    re_path(r"^Users/?$", UsersView.as_view(), name="users"),
    re_path(r"^Users/(?P<pk>[^/]+)/?$", UserView.as_view(), name="user"),
    re_path(r"^Groups/?$", GroupsView.as_view(), name="groups"),
    re_path(r"^Groups/(?P<pk>[^/]+)/?$", GroupView.as_view(), name="group"),
    re_path(r"^$", RootView.as_view()),
    re_path(r"^ServiceProviderConfig/?$", ServiceProviderConfigView.as_view()),
    re_path(r"^Bulk/?$", BulkView.as_view()),
    re_path(r"^ResourceTypes/?$", ResourceTypesView.as_view()),
    re_path(r"^ResourceTypes/(?P<pk>[^/]+)/?$", ResourceTypesView.as_view(kind="document")),
    re_path(r"^Schemas/?$", SchemasView.as_view()),
    re_path(r"^Schemas/(?P<pk>[^/]+)/?$", SchemasView.as_view(kind="document")),
    re_path(r"^\.search/?$", SearchView.as_view()),
    re_path(r"^Me/?$", MeView.as_view(), name="me"),
    re_path(r"^OrgUnits/\.search/?$", SearchView.as_view(resource="OrgUnit")),
    re_path(r"^OrgUnits/?$", OrgUnitsView.as_view(), name="org_units"),
    re_path(r"^OrgUnits/(?P<pk>[^/]+)/?$", OrgUnitView.as_view(), name="org_unit"),
    re_path(r"", UnknownEndpoint.as_view()),
]
