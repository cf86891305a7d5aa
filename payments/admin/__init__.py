"""The support desk's screen for payments."""

from payments.admin.case import MoneyCaseAdmin
from payments.admin.invoice import InvoiceAdmin
from payments.admin.loyalty_card import LoyaltyCardAdmin
from payments.admin.period import PeriodRowAdmin, TransactionPeriodAdmin
from payments.admin.poll_shard import PollShardAdmin
from payments.admin.refund import RefundAdmin

__all__ = [
    "InvoiceAdmin",
    "LoyaltyCardAdmin",
    "MoneyCaseAdmin",
    "PeriodRowAdmin",
    "PollShardAdmin",
    "RefundAdmin",
    "TransactionPeriodAdmin",
]
