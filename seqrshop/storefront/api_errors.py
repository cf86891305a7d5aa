"""What the endpoints say when they do not do what they were asked."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

RETRY_SECONDS = 2  # when SEQR or the database is away: soon enough for a person who waits
CLOSED_RETRY_SECONDS = 60  # while no orders are taken: somebody has to change that first


class ApiError(Exception):
    """An answer other than the one asked for: HTTP's status, a code for programs, a sentence.

    `more` goes into the JSON beside them; `headers` are the answer's. The sentence is for a
    person, in the request's language.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        self.more = more

    def as_json(self) -> dict[str, Any]:
        """Return the body of the answer."""
        return {"error": self.code, "message": self.message, **self.more}


def malformed(message: str) -> ApiError:
    """Return the refusal of a body that is not what it should be as a whole."""
    return ApiError(400, "malformed", message)


def invalid(field: str, message: str) -> ApiError:
    """Return the refusal of one field; `field` is its path, such as `rows[0].quantity`."""
    return ApiError(400, "invalid", message, field=field)


def invalid_session() -> ApiError:
    """Return the refusal of someone whom we do not know, or no longer."""
    return ApiError(401, "invalid_session", _("This visit has ended. Scan the code again."))


def other_shop() -> ApiError:
    """Return the refusal of someone whose visit is to another shop here."""
    return ApiError(401, "other_shop", _("Your scan belongs to another shop than this one."))


def csrf_failed() -> ApiError:
    """Return the refusal of a request that another site, or an old page of ours, has sent."""
    return ApiError(403, "csrf_failed", _("This page is too old. Scan the code again."))


def not_found(message: str = "") -> ApiError:
    """Return the refusal of what does not exist, at least for this customer."""
    return ApiError(404, "not_found", message or _("There is nothing at this address."))


def method_not_allowed(allowed: str) -> ApiError:
    """Return the refusal of a method; `allowed` names those that are taken."""
    return ApiError(
        405,
        "method_not_allowed",
        _("This address takes %(methods)s only.") % {"methods": allowed},
        headers={"Allow": allowed},
    )


def too_large() -> ApiError:
    """Return the refusal of a body that is longer than any that makes sense."""
    return ApiError(413, "too_large", _("This is too much at once."))


def not_read(status: int) -> ApiError:
    """Return the refusal of a body that came too slowly (408), or with too many others (503)."""
    if status == 503:
        return temporarily_unavailable()
    return ApiError(status, "request_timeout", _("This took too long to arrive. Try again."))


def unsupported_media_type() -> ApiError:
    """Return the refusal of a body that does not say it is JSON."""
    return ApiError(415, "unsupported_media_type", _("The content type must be application/json."))


def too_many_requests(retry_after: int) -> ApiError:
    """Return the refusal of someone who asks too often."""
    return ApiError(
        429,
        "too_many_requests",
        _("That was very often. Wait a moment and try again."),
        headers={"Retry-After": str(retry_after)},
    )


def internal_error() -> ApiError:
    """Return the answer for a fault of ours."""
    return ApiError(500, "internal_error", _("Something went wrong here. Try again in a moment."))


def shop_unavailable(message: str) -> ApiError:
    """Return the refusal of an order while the shop takes none; the message says why."""
    return ApiError(
        503,
        "shop_unavailable",
        message,
        headers={"Retry-After": str(CLOSED_RETRY_SECONDS)},
    )


def seqr_unavailable() -> ApiError:
    """Return the refusal of what needs SEQR while it does not answer, or not to us."""
    return ApiError(
        503,
        "seqr_unavailable",
        _("SEQR cannot be reached just now."),
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def temporarily_unavailable() -> ApiError:
    """Return the refusal of what needs the database while it is away."""
    return ApiError(
        503,
        "temporarily_unavailable",
        _("The shop cannot be reached just now. Try again in a moment."),
        headers={"Retry-After": str(RETRY_SECONDS)},
    )
