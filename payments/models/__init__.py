"""How an order is paid."""

from payments.models.discount import InvoiceDiscount
from payments.models.invoice import (
    ASKED_STATUSES,
    DEAD_STATUSES,
    OPEN_STATUSES,
    CancelReason,
    CardAnswer,
    Invoice,
    InvoiceStatus,
)
from payments.models.loyalty_card import LoyaltyCard
from payments.models.money_case import CaseKind, MoneyCase, OutboxMail
from payments.models.paying_stop import PayingStop
from payments.models.poll_shard import PollShard
from payments.models.refund import RESERVING, Refund, RefundStatus

__all__ = [
    "ASKED_STATUSES",
    "DEAD_STATUSES",
    "OPEN_STATUSES",
    "RESERVING",
    "CancelReason",
    "CardAnswer",
    "CaseKind",
    "Invoice",
    "InvoiceDiscount",
    "InvoiceStatus",
    "LoyaltyCard",
    "MoneyCase",
    "OutboxMail",
    "PayingStop",
    "PollShard",
    "Refund",
    "RefundStatus",
]
