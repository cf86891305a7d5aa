"""Says in one line whether the payments of a person's shops work, and since when they do not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min
from django.http import HttpRequest
from django.utils.translation import gettext as _

from orders.models import Shop
from payments.models import Invoice, InvoiceStatus, PaymentPause
from seqrshop.backoffice.formatting import short_time
from seqrshop.backoffice.links import page_url
from seqrshop.backoffice.shop_scope import own_rows
from seqrshop.backoffice.state_pills import Tone
from seqrshop.ops.bounded_reads import heartbeats_or_none
from seqrshop.ops.health_snapshot import read_health_snapshot, shard_statuses
from seqrshop.ops.risks import Problem, shard_risks

UNSENT_AFTER = timedelta(seconds=20)
"""SEQR answers sendInvoice within its time-out of 5 s; an older unsent payment has failed once."""


@dataclass(frozen=True)
class PaymentsState:
    """The line at the head of the page, and what to do about it."""

    tone: Tone
    text: str
    advice: str = ""
    url: str = ""


def payments_state(request: HttpRequest, shops: Iterable[Shop], now: datetime) -> PaymentsState:
    """Return whether the payments of the person's shops work.

    A pause comes first, as no payment is sent then; then an open payment about which SEQR is not
    queried or does not answer; then a payment that could not be sent.
    """
    return (
        _paused(request, list(shops), now)
        or _at_risk(now)
        or _unsent(request, now)
        or PaymentsState("ok", _("Payments work"))
    )


def _paused(request: HttpRequest, shops: list[Shop], now: datetime) -> PaymentsState | None:
    terminals = {shop.terminal_id for shop in shops}
    pauses = PaymentPause.objects.filter(terminal__in=terminals, ended_at=None)
    pause = pauses.order_by("since").select_related("case").first()
    if pause is None:
        return None
    paused_terminals = {each.terminal_id for each in pauses}
    paused = [shop.name for shop in shops if shop.terminal_id in paused_terminals]
    words = {"time": short_time(pause.since, now), "shops": ", ".join(paused)}
    text = (
        _("Payments have been paused since %(time)s: SEQR rejects our settings")
        if len(paused) == len(shops)
        else _("Payments at %(shops)s have been paused since %(time)s: SEQR rejects our settings")
    )
    return PaymentsState(
        "bad",
        text % words,
        _("Customers cannot order. SEQR is checked every minute, and payments then resume."),
        page_url(pause.case) if request.user.has_perm("payments.view_moneycase") else "",
    )


def _at_risk(now: datetime) -> PaymentsState | None:
    heartbeats, snapshot = heartbeats_or_none(), read_health_snapshot()
    statuses = shard_statuses(heartbeats or {}, snapshot.shard_rows)
    risks = list(shard_risks(statuses, snapshot, redis_is_up=heartbeats is not None))
    if not risks:
        return None
    ages = [risk.age for risk in risks if risk.age is not None]
    if not ages:
        text = _("Payments are not checked: the payment checks have not started")
    elif any(risk.problem == Problem.UNANSWERED for risk in risks):
        text = _("Payments have not worked since %(time)s: SEQR does not answer")
    else:
        text = _("Payments have not been checked since %(time)s: the payment checks have stopped")
    since = now - timedelta(seconds=max(ages, default=0))
    advice = _("Take payment in another way meanwhile. Paid orders appear here once it works.")
    return PaymentsState("bad", text % {"time": short_time(since, now)}, advice)


def _unsent(request: HttpRequest, now: datetime) -> PaymentsState | None:
    unsent = Invoice.objects.filter(
        status__in=(InvoiceStatus.CREATED, InvoiceStatus.SENDING),
        created_at__lt=now - UNSENT_AFTER,
    )
    since = own_rows(request, unsent).aggregate(since=Min("created_at"))["since"]
    if since is None:
        return None
    return PaymentsState(
        "warn",
        _("Payments have been delayed since %(time)s: SEQR does not accept new ones")
        % {"time": short_time(since, now)},
        _("Customers wait to pay. Each payment is sent again automatically."),
    )
