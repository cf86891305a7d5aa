"""Signs off a shop's day, and re-opens it: the only writers of DayClosing."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from orders.audit import ChangeSource, record_event
from orders.clock import SAVED_NOW, database_now
from orders.languages import DEFAULT_LANGUAGE
from orders.models import EventName, Shop
from orders.state_machine import save_fields
from payments.closings.local_days import day_of
from payments.closings.read import first_days, read_figures
from payments.closings.verdict import verdict_of
from payments.models import DayClosing

MAX_REASON_LENGTH = 300


class ClosingNotAccepted(Exception):
    """The day is not signed or re-opened. The message is a sentence for the member of staff."""


def signed_closing(shop_id: int, day: date) -> DayClosing | None:
    """Return the closing of a day that is signed off, unless it was re-opened."""
    closings = DayClosing.objects.select_related("shop", "signed_by")
    return closings.filter(shop=shop_id, day=day, reopened_at=None).first()


@transaction.atomic
def sign_day(
    shop_id: int, day: date, source: ChangeSource, *, seen: str
) -> tuple[DayClosing, bool]:
    """Sign off a day with its figures as they are now; return the closing, and whether it is new.

    `seen` is the digest of the figures that the person has read. Raises ClosingNotAccepted if they
    have changed since, if the day has not begun, or if the shop's first sale was later.
    """
    # The shop's row is locked for the day, which has no row of its own yet.
    shop = Shop.objects.select_for_update(no_key=True).get(pk=shop_id)
    signed = signed_closing(shop_id, day)
    if signed is not None:
        return signed, False
    now = database_now()
    if day > day_of(now):
        raise ClosingNotAccepted(_("The day has not begun."))
    (figures,) = read_figures({shop: [day]}, now)
    first_day = first_days([shop_id]).get(shop_id)
    if first_day is None or day < first_day:
        raise ClosingNotAccepted(_("The shop had not sold anything by then."))
    if seen != figures.digest:
        raise ClosingNotAccepted(
            _("The figures have changed since you opened the page. Read them again, and sign them.")
        )
    closing = DayClosing.objects.create(
        shop=shop, day=day, figures=figures.to_json(), signed_by=source.actor
    )
    with override(DEFAULT_LANGUAGE):  # the language of the audit
        detail = verdict_of(figures).text
    record_event(closing, EventName.DAY_SIGNED, source, detail=detail)
    return closing, True


@transaction.atomic
def reopen_day(shop_id: int, day: date, source: ChangeSource, *, reason: str) -> bool:
    """Re-open a day that is signed off; return whether it was.

    Raises ClosingNotAccepted without a reason, or with one that is too long.
    """
    reason = reason.strip()
    if not reason:
        raise ClosingNotAccepted(_("Enter why the day is re-opened."))
    if len(reason) > MAX_REASON_LENGTH:
        raise ClosingNotAccepted(
            _("Enter a reason of at most %(number)d characters.") % {"number": MAX_REASON_LENGTH}
        )
    locked = DayClosing.objects.select_for_update(no_key=True)
    closing = locked.filter(shop=shop_id, day=day, reopened_at=None).first()
    if closing is None:
        return False
    save_fields(closing, reopened_at=SAVED_NOW, reopened_by=source.actor, reopening_reason=reason)
    record_event(closing, EventName.DAY_REOPENED, source, detail=reason)
    return True
