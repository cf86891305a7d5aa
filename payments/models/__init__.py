"""The models of invoices, refunds, cases, periods and the poller."""

from payments.models.bulk_job import BulkJob, BulkJobRow, BulkJobStatus
from payments.models.discount import InvoiceDiscount
from payments.models.invoice import (
    CAPTURED_STATUSES,
    CUSTOMER_VISIBLE_FIELDS,
    HAS_RECEIPT,
    MAX_RECEIPT_REFUSALS,
    OPEN_STATUSES,
    POLLED_STATUSES,
    RECEIPT_PENDING,
    UNPAID_FINAL_STATUSES,
    CancelReason,
    Invoice,
    InvoiceStatus,
    LoyaltyAnswer,
)
from payments.models.loyalty_card import LoyaltyCard
from payments.models.money_case import CaseKind, MoneyCase, OutboxMail
from payments.models.payment_pause import PaymentPause
from payments.models.period_row import DIFFERENCES, EXPLAINED, MatchResult, PeriodRow
from payments.models.poll_shard import (
    BUCKET_COUNT,
    AnswerTimes,
    PollShard,
    Shard,
    bucket_of,
    current_shards,
    read_answer_times,
    shard_of,
)
from payments.models.receipt import RECEIPT_NUMBER_LOCK, Receipt, ReceiptKind
from payments.models.refund import (
    RESERVING_REFUND_STATUSES,
    SENT_REFUND_STATUSES,
    UNRESOLVED_REFUND_STATUSES,
    UNSENT_REFUND_STATUSES,
    ApprovalReason,
    Refund,
    RefundReason,
    RefundRow,
    RefundStatus,
    WithdrawalReason,
)
from payments.models.refund_hold import RefundHold
from payments.models.takings import (
    TakingsCursor,
    TakingsDay,
    TakingsHour,
    TakingsProduct,
    TakingsVat,
)
from payments.models.transaction_period import (
    MARK_KNOWN,
    MARK_TRIED,
    PeriodStatus,
    TransactionPeriod,
)

__all__ = [
    "BUCKET_COUNT",
    "CAPTURED_STATUSES",
    "CUSTOMER_VISIBLE_FIELDS",
    "DIFFERENCES",
    "EXPLAINED",
    "HAS_RECEIPT",
    "MARK_KNOWN",
    "MARK_TRIED",
    "MAX_RECEIPT_REFUSALS",
    "OPEN_STATUSES",
    "POLLED_STATUSES",
    "RECEIPT_NUMBER_LOCK",
    "RECEIPT_PENDING",
    "RESERVING_REFUND_STATUSES",
    "SENT_REFUND_STATUSES",
    "UNPAID_FINAL_STATUSES",
    "UNRESOLVED_REFUND_STATUSES",
    "UNSENT_REFUND_STATUSES",
    "AnswerTimes",
    "ApprovalReason",
    "BulkJob",
    "BulkJobRow",
    "BulkJobStatus",
    "CancelReason",
    "CaseKind",
    "Invoice",
    "InvoiceDiscount",
    "InvoiceStatus",
    "LoyaltyAnswer",
    "LoyaltyCard",
    "MatchResult",
    "MoneyCase",
    "OutboxMail",
    "PaymentPause",
    "PeriodRow",
    "PeriodStatus",
    "PollShard",
    "Receipt",
    "ReceiptKind",
    "Refund",
    "RefundHold",
    "RefundReason",
    "RefundRow",
    "RefundStatus",
    "Shard",
    "TakingsCursor",
    "TakingsDay",
    "TakingsHour",
    "TakingsProduct",
    "TakingsVat",
    "TransactionPeriod",
    "WithdrawalReason",
    "bucket_of",
    "current_shards",
    "read_answer_times",
    "shard_of",
]
