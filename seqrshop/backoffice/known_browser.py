"""The cookie of a browser in which a member of staff has signed in before.

It signs nobody in. It has a limit of failed sign-ins of its own, which nobody else can use up.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.contrib.auth.models import User
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse

SALT = "seqrshop.backoffice.known_browser"
MAX_AGE_SECONDS = 180 * 24 * 3600


def browser_id(request: HttpRequest, user: User | None) -> str:
    """Return the id of a browser in which this user has signed in before; "" for any other."""
    cookie = request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, "")
    try:
        text = TimestampSigner(salt=SALT).unsign(cookie, max_age=MAX_AGE_SECONDS)
    except BadSignature:
        return ""
    user_id, _, browser = text.partition(":")
    return browser if user is not None and user_id == str(user.pk) else ""


def remember_browser(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Let the browser, in which this user has just signed in, be known from now on."""
    browser = browser_id(request, user) or secrets.token_urlsafe(8)
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME,
        TimestampSigner(salt=SALT).sign(f"{user.pk}:{browser}"),
        max_age=MAX_AGE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
