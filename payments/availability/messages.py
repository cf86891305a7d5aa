"""Explains to customers and staff why a shop takes no orders."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from orders.languages import current_language
from orders.models import OpeningException, PlannedPause, Shop
from payments.availability.availability import (
    Reason,
    Unavailable,
    unavailability_of,
    unavailability_read_with,
)

PAYMENTS_PAUSED = _("Payments are paused. Try again in a few minutes.")
PAUSED = _("We are not taking orders right now.")
CLOSED = _("We are closed.")
CLOSED_TODAY = _("We are closed today.")
CLOSED_TODAY_NOTE = _("We are closed today: %(note)s.")
OTHER_HOURS_NOTE = _("Other hours today: %(note)s.")
OPENS_TODAY = _("We open again today at %(time)s.")
OPENS_TOMORROW = _("We open again tomorrow at %(time)s.")
OPENS_LATER = _("We open again on %(day)s at %(time)s.")


def shop_unavailable_message(shop: Shop) -> str | None:
    """Return why the shop takes no orders now, or None when it does."""
    now = timezone.now()
    return _message_of(unavailability_of(shop, now), now)


def unavailable_message_read_with(shop: Shop) -> str | None:
    """Return what `shop_unavailable_message` does, by the annotations of `availability`."""
    now = timezone.now()
    return _message_of(unavailability_read_with(shop, now), now)


def _message_of(unavailable: Unavailable | None, now: datetime) -> str | None:
    return None if unavailable is None else unavailable_message(unavailable, now)


def unavailable_message(unavailable: Unavailable, now: datetime) -> str:
    """Return why a shop takes no orders, and when it opens where that is known."""
    if unavailable.reason == Reason.PAYMENTS_PAUSED:
        return str(PAYMENTS_PAUSED)
    if unavailable.reason == Reason.PAUSED:
        sentences = [str(PAUSED), _pause_note(unavailable)]
    else:
        sentences = _closed(unavailable.planned)
    if unavailable.opens_at is not None:
        sentences.append(_opens_again(unavailable.opens_at, now))
    return " ".join(filter(None, sentences))


def _pause_note(unavailable: Unavailable) -> str:
    language = current_language()
    if unavailable.planned is not None:
        return unavailable.planned.note_in(language)
    return unavailable.shop.pause_note_in(language)


def _closed(today: OpeningException | PlannedPause | None) -> list[str]:
    """Return the sentences about a shop that is closed; `today` are other hours of this day."""
    note = "" if today is None else today.note_in(current_language()).rstrip(".")
    if isinstance(today, OpeningException) and today.is_closed:
        return [str(CLOSED_TODAY_NOTE) % {"note": note} if note else str(CLOSED_TODAY)]
    return [str(CLOSED), str(OTHER_HOURS_NOTE) % {"note": note} if note else ""]


def _opens_again(opens_at: datetime, now: datetime) -> str:
    opens = timezone.localtime(opens_at)
    days = (opens.date() - timezone.localdate(now)).days
    sentence = {0: OPENS_TODAY, 1: OPENS_TOMORROW}.get(days, OPENS_LATER)
    return str(sentence) % {"time": f"{opens:%H:%M}", "day": date_format(opens, "l j F")}
