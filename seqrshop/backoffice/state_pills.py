"""States as coloured pills: the word says the state, the colour whether it needs anybody."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.html import format_html

from orders.models import OrderState
from payments.models import InvoiceStatus, RefundStatus

_Order, _Payment, _Refund = OrderState, InvoiceStatus, RefundStatus

# By tone; a state that is not here is over, and muted.
_TONES: dict[type[TextChoices], dict[str, tuple[TextChoices, ...]]] = {
    OrderState: {
        "ok": (_Order.PAID, _Order.SERVED),
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
}


def pill(state: TextChoices) -> str:
    """Return a state's label as a pill."""
    tones = _TONES[type(state)].items()
    tone = next((name for name, states in tones if state in states), "muted")
    return format_html('<span class="pill pill-{}">{}</span>', tone, state.label)
