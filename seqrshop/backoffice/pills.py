"""States as coloured pills, and SEQR's references shortened, for lists and pages."""

from __future__ import annotations

from typing import Literal

from django.db.models import TextChoices
from django.utils.html import format_html
from django.utils.translation import gettext

from orders.models import OrderState
from payments.models import InvoiceStatus, PeriodStatus, RefundStatus
from seqrshop.backoffice.formatting import EMPTY_VALUE

Tone = Literal["ok", "warn", "bad", "busy", "muted"]

LONGEST_WHOLE_REFERENCE = 12
SHOWN_REFERENCE_CHARACTERS = 8

TONES: dict[type[TextChoices], dict[str, Tone]] = {
    OrderState: {
        OrderState.CREATED: "muted",
        OrderState.SENDING: "busy",
        OrderState.AWAITING_PAYMENT: "busy",
        OrderState.CANCEL_PENDING: "warn",
        OrderState.PAID: "ok",
        OrderState.SERVED: "muted",
        OrderState.CANCELED: "muted",
        OrderState.FAILED: "muted",
        OrderState.EXPIRED: "muted",
        OrderState.PARTLY_REFUNDED: "warn",
        OrderState.REFUNDED: "warn",
        OrderState.NEEDS_ATTENTION: "bad",
    },
    InvoiceStatus: {
        InvoiceStatus.CREATED: "muted",
        InvoiceStatus.SENDING: "busy",
        InvoiceStatus.ISSUED: "busy",
        InvoiceStatus.PENDING_ISSUER_ACKNOWLEDGE: "busy",
        InvoiceStatus.RESERVED: "busy",
        InvoiceStatus.PARTIALLY_PAID: "warn",
        InvoiceStatus.CANCEL_PENDING: "warn",
        InvoiceStatus.PAID: "ok",
        InvoiceStatus.DUPLICATE: "bad",
        InvoiceStatus.CANCELED: "muted",
        InvoiceStatus.FAILED: "muted",
        InvoiceStatus.EXPIRED: "muted",
        InvoiceStatus.NEEDS_ATTENTION: "bad",
    },
    RefundStatus: {
        RefundStatus.REQUESTED: "warn",
        RefundStatus.CREATED: "busy",
        RefundStatus.SENDING: "busy",
        RefundStatus.REFUNDED: "ok",
        RefundStatus.REJECTED: "bad",
        RefundStatus.WITHDRAWN: "muted",
        RefundStatus.UNKNOWN: "bad",
    },
    PeriodStatus: {
        PeriodStatus.TO_MARK: "muted",
        PeriodStatus.MARKING: "busy",
        PeriodStatus.MARKED: "busy",
        PeriodStatus.RECONCILED: "ok",
        PeriodStatus.LOST: "bad",
        PeriodStatus.VOID: "muted",
    },
}


def pill(text: object, tone: Tone) -> str:
    """Return a word in the colour of its tone."""
    return format_html('<span class="pill pill-{}">{}</span>', tone, text)


def state_pill(states: type[TextChoices], state: str) -> str:
    """Return the label of a state in the colour of its tone."""
    return pill(states(state).label, TONES[states][state])


def short_reference(reference: str | None) -> str:
    """Return a reference, its last characters if it is long, as a button that copies the whole."""
    if not reference:
        return EMPTY_VALUE
    is_long = len(reference) > LONGEST_WHOLE_REFERENCE
    return format_html(
        '<button type="button" class="reference" title="{}" data-copy-text="{}"'
        ' data-copied="{}">{}</button>',
        reference,
        reference,
        gettext("Copied"),
        f"…{reference[-SHOWN_REFERENCE_CHARACTERS:]}" if is_long else reference,
    )
