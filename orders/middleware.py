"""Turns what a view raises into the answer that its client understands."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from orders.limits import TooManyRequests
from orders.views import errors, refusals
from orders.views.refusals import Refusal

logger = logging.getLogger(__name__)


class AnswerRefusals:
    """Answers refusals, limits and a database that is away; leaves every other error to Django."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the answer to what a view has raised, or None for what is not ours."""
        if isinstance(error, Refusal):
            return errors.answer(request, error)
        if isinstance(error, TooManyRequests):
            return errors.answer(request, refusals.too_many_requests(error.retry_after))
        if isinstance(error, OperationalError | InterfaceError):
            logger.error("the database is away: %s", type(error).__name__)
            return errors.answer(request, refusals.unavailable())
        return None
