"""Writes the reports as SEQR's XML.

How SEQR reports refunds is not documented. Here a refund is a row with a negative SalesAmount; it
counts as a transaction and lowers the total.
Source: API reference 2.6.0, reporting.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from lxml import etree

from payments.sandbox.storage.merchant_models import Period, Transaction


@dataclass(frozen=True)
class Kind:
    """A report that executeReport offers."""

    title: str
    per_terminal: bool = False
    summary: bool = False


KINDS: Final = {
    "Reconciliation/Shop.xml": Kind("Transactions of a shop"),
    "Reconciliation/STD_RECON_003.xml": Kind("Transactions of a shop, one by one"),
    "Reconciliation/STD_RECON_006.xml": Kind(
        "Summary of one terminal", per_terminal=True, summary=True
    ),
    "Reconciliation/STD_RECON_007.xml": Kind(
        "Transactions of one terminal, one by one", per_terminal=True
    ),
}
"""The reports by their reportId."""


@dataclass(frozen=True)
class Report:
    """A report as text."""

    title: str
    xml: str


def render(
    kind: Kind, period: Period, generated_at: datetime, transactions: Sequence[Transaction]
) -> Report:
    """Write the report of these transactions of the period."""
    root = etree.Element("CashierTransactionSummary" if kind.summary else "TransactionDetails")
    meta = etree.SubElement(root, "Meta")
    _add(meta, "ResellerId", period.reseller_id)
    _add(meta, "TransactionPeriodId", period.period_id)
    _add(meta, "GeneratedAt", f"{generated_at:%Y-%m-%d %H:%M}")
    if kind.summary:
        _add_summary(root, transactions)
    else:
        _add_rows(root, transactions)
    etree.indent(root)
    return Report(kind.title, etree.tostring(root, encoding="unicode"))


def _add_rows(root: etree._Element, transactions: Sequence[Transaction]) -> None:
    for transaction in transactions:
        row = etree.SubElement(root, "Row")
        _add(row, "TerminalId", transaction.terminal_id)
        _add(row, "CashierId", transaction.cashier_id)
        _add(row, "SalesAmount", _amount(transaction.amount))
        _add(row, "ErsReference", transaction.ers_reference)


def _add_summary(root: etree._Element, transactions: Sequence[Transaction]) -> None:
    row = etree.SubElement(root, "Row")
    total = sum((transaction.amount for transaction in transactions), Decimal())
    _add(row, "SalesCount", str(len(transactions)))
    _add(row, "SalesTotal", _amount(total))


def _add(parent: etree._Element, name: str, text: str | None) -> None:
    if text is not None:
        etree.SubElement(parent, name).text = text


def _amount(value: Decimal) -> str:
    return f"{value:.5f}"
