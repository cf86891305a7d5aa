"""The staff's sign-in form: refuses before a password is hashed where too many have failed."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from orders.audit import record_user_event, record_user_event_hourly
from orders.models import EventName
from seqrshop.backoffice.failed_sign_ins import record_failed_sign_in
from seqrshop.backoffice.hash_places import PLACE_OF_KNOWN_BROWSERS, PLACE_OF_OTHERS, NoHashPlace
from seqrshop.backoffice.known_browser import browser_id
from seqrshop.backoffice.people.second_factor import BY_SIGN_IN
from seqrshop.backoffice.sign_in_limits import (
    Attempt,
    count_failure,
    record_success,
    refused_for,
)
from seqrshop.client_address import client_address

MAX_USER_NAME_LENGTH = 150  # of Django's users
BUSY_RETRY_SECONDS = 5
BUSY = _("Many people are signing in right now. Try again in a few seconds.")


class SignInForm(AdminAuthenticationForm):
    """User name and password. The limits are in `sign_in_limits`.

    `retry_after` is the seconds after which a refused sign-in may be tried again, else 0.
    """

    request: HttpRequest
    retry_after = 0

    def clean(self) -> dict[str, Any]:
        """Check the password, unless too many have failed for this account or at this address."""
        username = self.cleaned_data.get("username", "")
        if not (username and self.cleaned_data.get("password")):
            return super().clean()
        user = User.objects.filter(username=username[:MAX_USER_NAME_LENGTH]).first()
        address = client_address(
            self.request.META.get("REMOTE_ADDR", ""),
            self.request.headers.get("X-Forwarded-For", ""),
        )
        # Of unknown accounts, each spelling would have a counter of its own.
        account = str(user.pk) if user else username.strip().casefold()
        attempt = Attempt(account, address, browser_id(self.request, user))
        seconds = refused_for(attempt)
        if seconds:
            record_failed_sign_in(user, address, "too many have failed")
            record_user_event_hourly(user, EventName.SIGN_IN_REFUSED, BY_SIGN_IN)
            self.retry_after = seconds
            raise _too_many(seconds)
        place = PLACE_OF_KNOWN_BROWSERS if attempt.browser else PLACE_OF_OTHERS
        try:
            with place.hold():
                cleaned: dict[str, Any] = super().clean()
        except NoHashPlace:
            self.retry_after = BUSY_RETRY_SECONDS
            raise ValidationError(BUSY, code="busy") from None
        except ValidationError:
            count_failure(attempt)
            record_failed_sign_in(user, address, "wrong password")
            _record_wrong_password(user)
            raise
        record_success(attempt)
        return cleaned


def _record_wrong_password(user: User | None) -> None:
    """Record a wrong password; of unknown accounts, whose number nothing bounds, once an hour."""
    record = record_user_event if user is not None else record_user_event_hourly
    record(user, EventName.SIGN_IN_FAILED, BY_SIGN_IN)


def _too_many(seconds: int) -> ValidationError:
    minutes = -(-seconds // 60)
    text = ngettext(
        "Too many failed sign-ins. Try again in %(n)d minute, or in the browser that you usually "
        "sign in with.",
        "Too many failed sign-ins. Try again in %(n)d minutes, or in the browser that you usually "
        "sign in with.",
        minutes,
    )
    return ValidationError(text % {"n": minutes}, code="too_many")
