"""Ends the sessions of staff: 12 hours after the sign-in, and an owner's after 15 idle minutes.

A session without a second factor ends where its person needs one, as after a new role.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from orders.audit import by_staff, record_user_event
from orders.models import EventName
from seqrshop.backoffice.people.second_factor import is_required

STAFF_PATHS = ("/admin/", "/staff/")
OWNER_IDLE_SECONDS = 15 * 60
RECENT_SIGN_IN_SECONDS = 10 * 60
ACTIVITY_WRITE_SECONDS = 30  # between two notes of activity in the session
BACKGROUND_HEADER = "X-Background"  # of what a script reads: a page that shows itself again
SIGNED_IN_AT = "signed_in_at"
ACTIVE_AT = "active_at"
WITH_FACTOR = "with_second_factor"


class SessionLimitsMiddleware:
    """Signs a person out whose session is over, when the person opens the back office."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """End the session, or note the person's activity."""
        if request.path_info.startswith(STAFF_PATHS) and request.user.is_authenticated:
            reason, notice = _end_of_session(request)
            if reason:
                record_user_event(
                    request.user, EventName.SESSION_ENDED, by_staff(request.user), detail=reason
                )
                logout(request)
                messages.info(request, notice)
            else:
                _note_activity(request)
        return self._get_response(request)


def begin_session(request: HttpRequest, *, with_factor: bool) -> None:
    """Note in a new session when it began, and whether with a second factor."""
    now = time.time()
    request.session.update({SIGNED_IN_AT: now, ACTIVE_AT: now, WITH_FACTOR: with_factor})


def note_factor(request: HttpRequest) -> None:
    """Note that the person has shown a second factor in this session: they have just added it."""
    request.session[WITH_FACTOR] = True


def has_just_signed_in(request: HttpRequest) -> bool:
    """Return whether the person has signed in within the last ten minutes."""
    signed_in_at = float(request.session.get(SIGNED_IN_AT, 0))
    return time.time() - signed_in_at < RECENT_SIGN_IN_SECONDS


def _end_of_session(request: HttpRequest) -> tuple[str, str]:
    """Return why the session is over, for the audit and for the person; "" while it is not."""
    session, now = request.session, time.time()
    if SIGNED_IN_AT not in session:  # of a version that did not note it
        begin_session(request, with_factor=False)
    if now - session[SIGNED_IN_AT] >= settings.SESSION_COOKIE_AGE:
        return "12 hours after the sign-in", _("You were signed out after 12 hours.")
    if _is_owner(request) and now - session[ACTIVE_AT] >= OWNER_IDLE_SECONDS:
        return "15 idle minutes", _("You were signed out after 15 minutes without activity.")
    if not session[WITH_FACTOR] and is_required(request.user):
        return "a second factor is needed", _("Your role needs a second factor. Sign in again.")
    return "", ""


def _is_owner(request: HttpRequest) -> bool:
    """Return whether the person manages people, as an owner does."""
    return request.user.has_perm("auth.change_user")


def _note_activity(request: HttpRequest) -> None:
    """Note the activity of an owner. What a script reads on an open page is none."""
    is_page = "text/html" in request.headers.get("Accept", "")
    is_activity = request.method == "POST" or (is_page and BACKGROUND_HEADER not in request.headers)
    if not (is_activity and _is_owner(request)):
        return
    now = time.time()
    if now - request.session[ACTIVE_AT] >= ACTIVITY_WRITE_SECONDS:
        request.session[ACTIVE_AT] = now
