"""States as coloured pills: the word says the state, the colour whether it needs anybody."""

from __future__ import annotations

from typing import Literal

from django.db.models import TextChoices
from django.utils.html import format_html

from orders.models import OrderState
from payments.models import InvoiceStatus, PeriodStatus, RefundStatus

Tone = Literal["ok", "busy", "warn", "bad", "muted"]

_Order, _Payment, _Refund, _Period = OrderState, InvoiceStatus, RefundStatus, PeriodStatus

# By tone; a state that is not here is over, and muted.
_TONES: dict[type[TextChoices], dict[Tone, tuple[TextChoices, ...]]] = {
    OrderState: {
        "ok": (_Order.PAID, _Order.PREPARING, _Order.READY),
        "busy": (_Order.CREATED, _Order.SENDING, _Order.AWAITING_PAYMENT, _Order.CANCEL_PENDING),
        "warn": (_Order.PARTLY_REFUNDED,),
        "bad": (_Order.NEEDS_ATTENTION, _Order.FAILED),
    },
    InvoiceStatus: {
        "ok": (_Payment.PAID,),
        "busy": (
            _Payment.CREATED,
            _Payment.SENDING,
            _Payment.ISSUED,
            _Payment.PENDING_ISSUER_ACKNOWLEDGE,
            _Payment.RESERVED,
            _Payment.CANCEL_PENDING,
        ),
        "warn": (_Payment.PARTIALLY_PAID,),
        "bad": (_Payment.NEEDS_ATTENTION, _Payment.DUPLICATE, _Payment.FAILED),
    },
    RefundStatus: {
        "ok": (_Refund.REFUNDED,),
        "busy": (_Refund.CREATED, _Refund.SENDING),
        "warn": (_Refund.REQUESTED,),
        "bad": (_Refund.REJECTED, _Refund.UNKNOWN),
    },
    PeriodStatus: {
        "ok": (_Period.RECONCILED,),
        "busy": (_Period.MARKING, _Period.MARKED),
        "bad": (_Period.LOST,),
    },
}


def pill(state: TextChoices) -> str:
    """Return a state's label as a pill."""
    tones = _TONES[type(state)].items()
    return word_pill(
        next((tone for tone, states in tones if state in states), "muted"), state.label
    )


def word_pill(tone: Tone, word: object) -> str:
    """Return any word as a pill."""
    return format_html('<span class="pill pill-{}">{}</span>', tone, word)
