"""The list of days: what each came to, whether it agrees, and whether it is signed off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from orders.clock import database_now
from orders.models import Shop
from payments.closings.local_days import day_of, days_between
from payments.closings.overview import DayState, read_states
from payments.closings.read import first_days
from payments.closings.verdict import Outcome
from seqrshop.backoffice.formatting import money
from seqrshop.backoffice.permissions import require_permission
from seqrshop.backoffice.shop_scope import own_rows
from seqrshop.backoffice.state_pills import Tone, word_pill

VIEW_PERMISSION = "payments.view_dayclosing"
SHOWN_DAYS = 14
TONES: dict[Outcome, Tone] = {
    Outcome.AGREES: "ok",
    Outcome.WAITS: "busy",
    Outcome.DIFFERS: "bad",
}


@dataclass(frozen=True)
class ShownDay:
    """A shop's day as the list shows it."""

    state: DayState
    takings: tuple[str, ...]
    verdict: str
    signature: str

    @property
    def is_problem(self) -> bool:
        """Whether the verdict is to be read in full."""
        return self.state.verdict.outcome is Outcome.DIFFERS


@require_safe
def days_page(request: HttpRequest) -> HttpResponse:
    """Show the days of the person's shops, the latest first; none before a shop's first sale."""
    require_permission(request, VIEW_PERMISSION)
    shops = list(own_rows(request, Shop.objects.select_related("seller").order_by("name")))
    now = database_now()
    today = day_of(now)
    chosen, until = _choice(request, shops, today)
    of_shops = [chosen] if chosen else shops
    first_of = first_days([shop.pk for shop in of_shops])
    since = until - timedelta(days=SHOWN_DAYS - 1)
    earliest = min(first_of.values(), default=today)
    context = {
        **admin.site.each_context(request),
        "title": _("Day closing"),
        "shops": shops,
        "has_sellers": len({shop.seller_id for shop in shops}) > 1,
        "chosen": chosen,
        "days": _shown_days(of_shops, first_of, since, until, now),
        "later": until + timedelta(days=SHOWN_DAYS) if until < today else None,
        "earlier": since - timedelta(days=1) if since > earliest else None,
    }
    return TemplateResponse(request, "staff/closing_days.html", context)


def _choice(request: HttpRequest, shops: Sequence[Shop], today: date) -> tuple[Shop | None, date]:
    """Return the shop and the last day that the address asks for; all shops, and today.

    What no page of the list leads to is ignored, with a message.
    """
    slug, text = request.GET.get("shop", ""), request.GET.get("until", "")
    chosen = next((shop for shop in shops if shop.slug == slug), None)
    try:
        until = date.fromisoformat(text) if text else today
    except ValueError:
        until = None
    if until is None or (slug and chosen is None):
        messages.error(request, _("The filter in the address is not valid, so all rows are shown."))
        return None, today
    return chosen, min(max(until, date(2000, 1, 1)), today)


def _shown_days(
    shops: Sequence[Shop], first_of: Mapping[int, date], since: date, until: date, now: datetime
) -> list[tuple[date, list[ShownDay]]]:
    """Return the shops' days, grouped by day."""
    of_day: dict[date, list[ShownDay]] = {day: [] for day in reversed(days_between(since, until))}
    days_of = {
        shop: days_between(max(since, first_of[shop.pk]), until)
        for shop in shops
        if shop.pk in first_of
    }
    for state in read_states(days_of, now):
        of_day[state.day].append(_shown(state))
    return [(day, shown) for day, shown in of_day.items() if shown]


def _shown(state: DayState) -> ShownDay:
    return ShownDay(
        state=state,
        takings=tuple(money(each.total, each.currency) for each in state.takings),
        verdict=verdict_pill(state),
        signature=signature_pill(state),
    )


def verdict_pill(state: DayState) -> str:
    """Return in one word whether a day agrees."""
    outcome = state.verdict.outcome
    words = {
        Outcome.AGREES: _("agrees") if state.takings else _("no sales"),
        Outcome.WAITS: _("waiting"),
        Outcome.DIFFERS: _("differs"),
    }
    is_empty = outcome is Outcome.AGREES and not state.takings
    return word_pill("muted" if is_empty else TONES[outcome], words[outcome])


def signature_pill(state: DayState) -> str:
    """Return in few words whether a day is signed off."""
    if state.closing is None:
        return word_pill("muted", _("not signed off"))
    if state.is_changed:
        return word_pill("bad", _("changed since it was signed off"))
    return word_pill("ok", _("signed off"))
