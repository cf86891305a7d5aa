"""The steps of a sign-in: the password, then the second factor, then the session.

A person whose password was right has no session of staff before the second factor: until then the
browser's session names the person, for ten minutes, and opens no page but those of the factor.
"""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from orders.audit import by_staff, record_user_event
from orders.models import EventName
from seqrshop.backoffice.failed_sign_ins import (
    failed_sign_ins,
    forget_failed_sign_ins,
    notice_for,
)
from seqrshop.backoffice.known_browser import remember_browser
from seqrshop.backoffice.people.second_factor import has_factor, is_required
from seqrshop.backoffice.people.session_limits import begin_session

PENDING_KEY = "pending_sign_in"
PENDING_SECONDS = 600
BACKEND = "django.contrib.auth.backends.ModelBackend"


def after_password(request: HttpRequest, user: User, next_url: str) -> HttpResponse:
    """Sign in a person whose password was right, or ask for the second factor first.

    `next_url` is an address of this shop.
    """
    if has_factor(user):
        _keep_pending(request, user, next_url)
        return HttpResponseRedirect(reverse("staff:second_factor"))
    if is_required(user):
        _keep_pending(request, user, next_url)
        return HttpResponseRedirect(reverse("staff:security"))
    return complete(request, user, next_url, with_factor=False)


def pending_user(request: HttpRequest) -> User | None:
    """Return the person whose password was right in the last ten minutes, if any."""
    pending: dict[str, Any] = request.session.get(PENDING_KEY) or {}
    if not pending or time.time() - pending["at"] > PENDING_SECONDS:
        return None
    user = User.objects.filter(pk=pending["user"], is_active=True, is_staff=True).first()
    # A password that was changed meanwhile is asked for again.
    if user is None or not constant_time_compare(user.get_session_auth_hash(), pending["hash"]):
        return None
    return user


def pending_next_url(request: HttpRequest) -> str:
    """Return the address to which the pending sign-in leads."""
    pending: dict[str, Any] = request.session.get(PENDING_KEY) or {}
    return str(pending.get("next") or reverse("admin:index"))


def complete(
    request: HttpRequest,
    user: User,
    next_url: str,
    *,
    with_factor: bool,
    response: HttpResponse | None = None,
) -> HttpResponse:
    """Begin the person's session; return `response`, or else a redirect to the next page."""
    login(request, user, backend=BACKEND)
    request.session.pop(PENDING_KEY, None)
    begin_session(request, with_factor=with_factor)
    detail = "with a second factor" if with_factor else "with a password alone"
    record_user_event(user, EventName.SIGNED_IN, by_staff(user), detail=detail)
    failed = failed_sign_ins(user)
    if failed is not None:
        messages.warning(request, notice_for(failed))
        forget_failed_sign_ins(user)
    answer = response or HttpResponseRedirect(resolve_url(next_url or settings.LOGIN_REDIRECT_URL))
    remember_browser(request, answer, user)
    return answer


def _keep_pending(request: HttpRequest, user: User, next_url: str) -> None:
    request.session.flush()  # of another person, or chosen by another
    request.session[PENDING_KEY] = {
        "user": user.pk,
        "hash": user.get_session_auth_hash(),
        "at": time.time(),
        "next": next_url,
    }
