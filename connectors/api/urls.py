"""Addresses below `/api`."""

from django.urls import path, re_path

from connectors.api.views import ApplyView, CancelView, ImportsView, ImportView, RowsView, UnknownAddress

app_name = "imports"

urlpatterns = [
    path("imports", ImportsView.as_view(), name="imports"),
    path("imports/<uuid:pk>", ImportView.as_view(), name="import"),
    path("imports/<uuid:pk>/rows", RowsView.as_view(), name="rows"),
    path("imports/<uuid:pk>/apply", ApplyView.as_view(), name="apply"),
    path("imports/<uuid:pk>/cancel", CancelView.as_view(), name="cancel"),
    re_path(r"", UnknownAddress.as_view()),
]
