"""What SEQR's reports say about a transaction period, as immutable values.

Money is a Decimal in major units. The reports name no currency.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class ReportId(StrEnum):
    """The reports of a transaction period. Source: API reference 2.6.0, reporting."""

    SHOP = "Reconciliation/Shop.xml"
    SHOP_TRANSACTIONS = "Reconciliation/STD_RECON_003.xml"
    TERMINAL_SUMMARY = "Reconciliation/STD_RECON_006.xml"
    TERMINAL_TRANSACTIONS = "Reconciliation/STD_RECON_007.xml"

    @property
    def is_of_one_terminal(self) -> bool:
        """Whether the report needs to be told which terminal it is about."""
        return self in {ReportId.TERMINAL_SUMMARY, ReportId.TERMINAL_TRANSACTIONS}


@dataclass(frozen=True, slots=True)
class ReportMeta:
    """What a report says of itself. Anything missing is None.

    `generated_at` is as SEQR writes it, "2012-07-18 15:21": it names no time zone.
    `transaction_period_id` should be the one that was asked for.
    """

    reseller_id: str | None
    terminal_id: str | None
    transaction_period_id: str | None
    generated_at: str | None


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """One payment, or one refund.

    `sales_amount` may be negative. `ers_reference` is the transaction's own; a row without one
    can be matched to nothing and is a person's to look at.
    """

    terminal_id: str | None
    cashier_id: str | None
    sales_amount: Decimal
    ers_reference: str | None


@dataclass(frozen=True, slots=True)
class TransactionReport:
    """The transactions of a period, one by one, in SEQR's order."""

    meta: ReportMeta
    rows: tuple[TransactionRow, ...]


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """How many transactions, and their sum."""

    sales_count: int
    sales_total: Decimal


@dataclass(frozen=True, slots=True)
class CashierTransactionSummary:
    """The sums of a period, of one terminal or of the whole shop."""

    meta: ReportMeta
    rows: tuple[SummaryRow, ...]


Report = TransactionReport | CashierTransactionSummary
"""What the report turned out to be: SEQR's own examples mix up which id brings which."""
