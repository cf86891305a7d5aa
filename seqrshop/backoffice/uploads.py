"""Finds out who sends a large body, before the server receives it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# Key in the WSGI environment: a function that gets the id of the member of staff who is signed in.
PERSON_FINDER = "seqrshop.person_finder"


class PersonFinderMiddleware:
    """Names the signed-in member of staff to the server, and serves nothing else then.

    It stands behind Django's own authentication, whose session and rules decide.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Call the server's function, or pass the request on."""
        found: Callable[[str], None] | None = request.META.get(PERSON_FINDER)
        if found is None:
            return self._get_response(request)
        if request.user.is_active and request.user.is_staff:
            found(str(request.user.pk))
        return HttpResponse(status=204)
