"""The API's errors: HTTP status, error code and message (docs/api.md lists them)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from payments.availability.messages import PAYMENTS_PAUSED

OUTAGE_RETRY_SECONDS = 2  # SEQR or the database is unavailable, and the customer is waiting
SHOP_UNAVAILABLE_RETRY_SECONDS = 60  # staff have to change something first


class ApiError(Exception):
    """An error response: HTTP status, error code for programs, message for people.

    The message is in the request's language. `details` are further members of the JSON body;
    `headers` are added to the response.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: dict[str, str] | None = None,
        **details: Any,
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        self.details = details

    def as_json(self) -> dict[str, Any]:
        """Return the response body."""
        return {"error": self.code, "message": self.message, **self.details}


def malformed(message: str) -> ApiError:
    """400: the body cannot be parsed."""
    return ApiError(400, "malformed", message)


def invalid(field: str, message: str) -> ApiError:
    """400: one field is invalid. `field` is its path, such as `rows[0].quantity`."""
    return ApiError(400, "invalid", message, field=field)


def invalid_session() -> ApiError:
    """401: the token or cookie is missing, unknown or expired."""
    return ApiError(401, "invalid_session", _("This link has expired. Scan the code again."))


def other_shop() -> ApiError:
    """401: the session belongs to another shop of this installation."""
    return ApiError(401, "other_shop", _("You have scanned the code of another shop."))


def csrf_failed() -> ApiError:
    """403: the CSRF token is missing or outdated, or another site sent the request."""
    return ApiError(403, "csrf_failed", _("This page has expired. Scan the code again."))


def not_found(message: str = "") -> ApiError:
    """404: it does not exist, or belongs to another customer."""
    return ApiError(404, "not_found", message or _("We couldn't find this page."))


def method_not_allowed(allowed: str) -> ApiError:
    """405: the method is not one of `allowed`."""
    return ApiError(
        405,
        "method_not_allowed",
        _("Allowed methods: %(methods)s.") % {"methods": allowed},
        headers={"Allow": allowed},
    )


def too_large() -> ApiError:
    """413: the body is longer than its address permits."""
    return ApiError(413, "too_large", _("The request is too large."))


def body_not_received(status: int) -> ApiError:
    """408: the body arrived too slowly; 413: it is too long; 503: too many arrive at once."""
    if status == 413:
        return too_large()
    if status == 503:
        return temporarily_unavailable()
    return ApiError(status, "request_timeout", _("The request timed out. Try again."))


def unsupported_media_type() -> ApiError:
    """415: the content type is not application/json."""
    return ApiError(415, "unsupported_media_type", _("The content type must be application/json."))


def too_many_requests(retry_after: int) -> ApiError:
    """429: a rate limit is exceeded; `retry_after` is in seconds."""
    message = ngettext(
        "Too many requests. Try again in %(n)d second.",
        "Too many requests. Try again in %(n)d seconds.",
        retry_after,
    )
    return ApiError(
        429,
        "too_many_requests",
        message % {"n": retry_after},
        headers={"Retry-After": str(retry_after)},
    )


def internal_error() -> ApiError:
    """500: an unexpected exception."""
    return ApiError(500, "internal_error", _("Something went wrong. Try again in a moment."))


def shop_unavailable(message: str) -> ApiError:
    """503: the shop takes no orders; the message says why."""
    return ApiError(
        503,
        "shop_unavailable",
        message,
        headers={"Retry-After": str(SHOP_UNAVAILABLE_RETRY_SECONDS)},
    )


def seqr_unavailable() -> ApiError:
    """503: SEQR does not respond, or rejects our call."""
    return ApiError(
        503,
        "seqr_unavailable",
        _("SEQR is unavailable right now."),
        headers={"Retry-After": str(OUTAGE_RETRY_SECONDS)},
    )


def payments_paused() -> ApiError:
    """503: SEQR refuses the shop's terminal, and no customer can be identified."""
    return ApiError(
        503,
        "payments_paused",
        str(PAYMENTS_PAUSED),
        headers={"Retry-After": str(OUTAGE_RETRY_SECONDS)},
    )


def temporarily_unavailable() -> ApiError:
    """503: the database is unavailable."""
    return ApiError(
        503,
        "temporarily_unavailable",
        _("The shop is unavailable right now. Try again in a moment."),
        headers={"Retry-After": str(OUTAGE_RETRY_SECONDS)},
    )
