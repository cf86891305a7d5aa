"""The addresses of the bare page."""

from django.http import HttpRequest, HttpResponse
from django.urls import path


def page(_request: HttpRequest) -> HttpResponse:
    """Return a short text."""
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [path("bare", page)]
