"""SEQR's reports about a transaction period, as immutable values.

Money is a Decimal in major units. The reports name no currency.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

MAX_REPORT_ROWS = 500_000
"""More transactions of one terminal in a period are not read: six a second, day and night."""


class ReportId(StrEnum):
    """The reports of a transaction period. Source: API reference 2.6.0, reporting."""

    SHOP = "Reconciliation/Shop.xml"
    SHOP_TRANSACTIONS = "Reconciliation/STD_RECON_003.xml"
    TERMINAL_SUMMARY = "Reconciliation/STD_RECON_006.xml"
    TERMINAL_TRANSACTIONS = "Reconciliation/STD_RECON_007.xml"

    @property
    def requires_terminal_id(self) -> bool:
        """Whether the report covers one terminal, which the request must name."""
        return self in {ReportId.TERMINAL_SUMMARY, ReportId.TERMINAL_TRANSACTIONS}

    @property
    def is_large(self) -> bool:
        """Whether the report may have a row for each transaction, and takes time to send."""
        return self is not ReportId.TERMINAL_SUMMARY


@dataclass(frozen=True, slots=True)
class ReportMeta:
    """A report's header. A missing field is None.

    `generated_at` is SEQR's text, such as "2012-07-18 15:21", without a time zone.
    `transaction_period_id` should be the one in the request.
    """

    reseller_id: str | None
    terminal_id: str | None
    transaction_period_id: str | None
    generated_at: str | None


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """One payment or one refund.

    `sales_amount` may be negative. `ers_reference` is the transaction's own. A row without one
    matches no payment and needs manual review.
    """

    terminal_id: str | None
    cashier_id: str | None
    sales_amount: Decimal
    ers_reference: str | None


@dataclass(frozen=True, slots=True)
class TransactionReport:
    """A period's transactions, one by one, in SEQR's order.

    Each iteration reads the rows from a file. They are valid as long as the call's context.
    """

    meta: ReportMeta
    row_count: int
    rows: Iterable[TransactionRow]


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """The number of transactions and their sum."""

    sales_count: int
    sales_total: Decimal


@dataclass(frozen=True, slots=True)
class CashierTransactionSummary:
    """A period's totals, for one terminal or for the whole shop."""

    meta: ReportMeta
    rows: tuple[SummaryRow, ...]


Report = TransactionReport | CashierTransactionSummary
"""Either kind: SEQR's own examples are inconsistent about which report id returns which."""
