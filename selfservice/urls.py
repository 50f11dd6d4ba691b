"""Self-service addresses; signing in and the like are allauth's, under `accounts/`."""

from django.urls import path

from selfservice.views import own_record

urlpatterns = [path("", own_record, name="own_record")]
