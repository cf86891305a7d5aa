"""How an order is paid."""

from payments.models.discount import InvoiceDiscount
from payments.models.invoice import (
    ASKED_STATUSES,
    DEAD_STATUSES,
    OPEN_STATUSES,
    SHOWN_FIELDS,
    CancelReason,
    CardAnswer,
    Invoice,
    InvoiceStatus,
)
from payments.models.loyalty_card import LoyaltyCard
from payments.models.money_case import CaseKind, MoneyCase, OutboxMail
from payments.models.payment_pause import PayingStop
from payments.models.period_row import DIFFERENCES, EXPLAINED, PeriodRow, RowVerdict
from payments.models.poll_shard import PollShard, shard_of
from payments.models.refund import RESERVING, UNSETTLED, Refund, RefundStatus
from payments.models.transaction_period import (
    MARK_KNOWN,
    MARK_TRIED,
    PeriodStatus,
    TransactionPeriod,
)

__all__ = [
    "ASKED_STATUSES",
    "DEAD_STATUSES",
    "DIFFERENCES",
    "EXPLAINED",
    "MARK_KNOWN",
    "MARK_TRIED",
    "OPEN_STATUSES",
    "RESERVING",
    "SHOWN_FIELDS",
    "UNSETTLED",
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
    "PeriodRow",
    "PeriodStatus",
    "PollShard",
    "Refund",
    "RefundStatus",
    "RowVerdict",
    "TransactionPeriod",
    "shard_of",
]
