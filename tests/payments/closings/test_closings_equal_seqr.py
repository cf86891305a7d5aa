"""Closings over 60 days equal SEQR's report of the same days, and the receipts.

Two sellers have three shops. Days are drawn around a change of the clock; payments have options,
several VAT rates, discounts, tips and two currencies; refunds are of earlier days too. The sandbox
keeps the books of SEQR, and makes two reports of them: that of the terminal's period, from some
night to another, is reconciled; that of the reseller's period, from midnight to midnight, is what
each day is compared with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lxml import etree

from orders.models import Shop, Terminal
from payments.closings.figures import DayFigures
from payments.closings.local_days import bounds_of, day_of, days_between
from payments.closings.read import read_figures
from payments.closings.verdict import Outcome, verdict_of
from payments.models import Invoice, Receipt, ReceiptKind, Refund
from payments.receipts.content import STOCKHOLM
from payments.receipts.document import content_of, is_shown, stored_receipt
from payments.sandbox.clock import Clock
from payments.sandbox.operations.periods import end_period, execute_report
from payments.sandbox.operations.simulator import SeqrSimulator
from payments.sandbox.storage import merchant_models
from tests.factories import ProductFactory, ShopFactory, TerminalFactory
from tests.grids import TRIES_ALL
from tests.payments.closings.steps import in_use_since_long, period_marked, row_of
from tests.payments.takings.histories import RATES, History

DAYS = 60
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)  # of 23 and of 25 hours
TRANSACTIONS = "Reconciliation/STD_RECON_007.xml"
SUMMARY = "Reconciliation/STD_RECON_006.xml"


class ClockOfTest(Clock):
    """The sandbox's clock, which a test sets."""

    moment: datetime

    def now(self) -> datetime:
        """Return the time that was set."""
        return self.moment


class SeqrOfDays:
    """SEQR's books of some terminals, each of a shop of its own."""

    def __init__(self, terminals: list[Terminal], start: datetime) -> None:
        self.clock = ClockOfTest()
        self.clock.moment = start
        self._seqr = SeqrSimulator(self.clock, lambda _: None)
        for terminal in terminals:
            name, reseller = terminal.principal_id, terminal.seller.reseller_id
            self._seqr.records.terminals[name] = merchant_models.Terminal(
                name, reseller, name, password_digest=""
            )
        self._periods: dict[tuple[str, str | None], str] = {}

    def add(self, terminal: Terminal, amount: str, reference: str) -> None:
        """Book a payment that the shop has confirmed, or a refund."""
        transaction = merchant_models.Transaction(
            terminal.principal_id, None, Decimal(amount), "SEK", reference
        )
        self._seqr.records.add_transaction(transaction)

    def transactions(self, terminal: Terminal) -> list[tuple[str, str]]:
        """End the terminal's period; return the rows of its report."""
        reseller = terminal.seller.reseller_id
        period = end_period(self._seqr, reseller, terminal.principal_id)
        xml = self._report(TRANSACTIONS, reseller, terminal, period.period_id)
        return [
            (row.findtext("SalesAmount") or "", row.findtext("ErsReference") or "")
            for row in xml.iter("Row")
        ]

    def end_day(self, resellers: set[str]) -> dict[str, str]:
        """End the period of each whole reseller; return their IDs."""
        return {name: end_period(self._seqr, name, None).period_id for name in resellers}

    def summary(self, terminal: Terminal, period_id: str) -> tuple[int, Decimal]:
        """Return how many transactions a terminal had in a period, and their sum."""
        xml = self._report(SUMMARY, terminal.seller.reseller_id, terminal, period_id)
        (row,) = xml.iter("Row")
        return int(row.findtext("SalesCount") or 0), Decimal(row.findtext("SalesTotal") or 0)

    def _report(
        self, report_id: str, reseller: str, terminal: Terminal, period_id: str
    ) -> etree._Element:
        now = self.clock.moment
        self.clock.moment = now + timedelta(seconds=4)
        entries = [
            {"key": "transactionPeriodId", "value": period_id},
            {"key": "TERMINALID", "value": terminal.principal_id},
        ]
        parameters = {"parameter": {"entry": entries}}
        report = execute_report(self._seqr, reseller, report_id, parameters)
        self.clock.moment = now
        return etree.fromstring(report.xml)


class DaysOfShops(History):
    """The receipts of three shops, one day after the other, booked at SEQR too."""

    def __init__(self, data: st.DataObject, clerk: User, first: date) -> None:
        self.moment = bounds_of(first)[0]
        super().__init__(data, clerk)
        self.terminals = [shop.terminal for shop in self.shops]
        in_use_since_long(*self.terminals)
        self.seqr = SeqrOfDays(self.terminals, self.moment)
        self.midnights: dict[date, dict[str, str]] = {}

    def _new_shop(self, seller: str) -> Shop:
        terminal = TerminalFactory.create(
            principal_id=f"till-{Terminal.objects.count()}", seller__reseller_id=seller
        )
        shop: Shop = ShopFactory.create(terminal=terminal)
        for rate in RATES:
            ProductFactory.create(shop=shop, vat_rate=rate, price=Decimal("19.99"))
        return shop

    def _issued_at(self) -> datetime:
        return self.moment

    def live_through(self, day: date) -> None:
        """Let some transactions happen on a day, and end it at SEQR."""
        begin, end = bounds_of(day)
        seconds = int(end.timestamp() - begin.timestamp())
        times = self.data.draw(st.lists(st.integers(0, seconds - 1), max_size=3))
        for second in sorted(times):
            self._pass_to(begin.timestamp() + second)
            self._transact()
        self._pass_to(end.timestamp())
        self.midnights[day] = self.seqr.end_day(
            {terminal.seller.reseller_id for terminal in self.terminals}
        )

    def close_periods(self, day: date) -> None:
        """Close each terminal's period at four in the night, and reconcile its report."""
        self._pass_to(datetime(day.year, day.month, day.day, 4, tzinfo=STOCKHOLM).timestamp())
        for terminal in self.terminals:
            period_marked(terminal, self.moment, *self.seqr.transactions(terminal))

    def _pass_to(self, timestamp: float) -> None:
        self.moment = datetime.fromtimestamp(timestamp, STOCKHOLM)
        self.seqr.clock.moment = self.moment

    def _transact(self) -> None:
        known = set(Receipt.objects.values_list("pk", flat=True))
        if self.data.draw(st.integers(0, 9)) == 0:
            self._pay()  # and SEQR reverses it at once, so that it is in no report
            payment = self.payments.pop()
            Invoice.objects.filter(pk=payment.invoice_id).update(
                status="CANCELED", cancel_reason="CUSTOMER", paid_at=self.moment
            )
            self._credit(payment, ReceiptKind.REVERSAL, payment.amount, None)
            return
        step = self.data.draw(st.sampled_from(["pay", "refund"]))
        if step == "refund" and self.payments:
            self._refund(self.data.draw(st.sampled_from(self.payments)))
            Refund.objects.filter(sent_at=None).update(sent_at=self.moment)
        else:
            self._pay()
            Invoice.objects.filter(pk=self.payments[-1].invoice_id).update(paid_at=self.moment)
        for receipt in Receipt.objects.exclude(pk__in=known).select_related("refund", "invoice"):
            self.seqr.add(receipt.invoice.terminal, *row_of(receipt))


@pytest.mark.slow
@pytest.mark.django_db
@settings(
    max_examples=6 if TRIES_ALL else 2,  # the first one is of quiet days
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_closings_of_60_days_equal_seqrs_report_and_the_receipts(
    data: st.DataObject, db: None, clerk: User
) -> None:
    change = data.draw(st.sampled_from([SPRING, AUTUMN]))
    first = change - timedelta(days=data.draw(st.integers(1, DAYS - 2)))
    days = days_between(first, first + timedelta(days=DAYS - 1))
    history = DaysOfShops(data, clerk, first)
    history.close_periods(first)

    for day in days:
        history.live_through(day)
        # The quiet days, of which all draws are 0, end with one report.
        if day != days[-1] and data.draw(st.integers(0, 5)) == 5:
            history.close_periods(day + timedelta(days=1))
    history.close_periods(days[-1] + timedelta(days=1))

    now = history.moment + timedelta(days=1)
    found = read_figures(dict.fromkeys(history.shops, days), now)
    assert [each.day for each in found] == days * len(history.shops)
    shops = {shop.pk: shop for shop in history.shops}
    for figures in found:
        shop = shops[figures.shop_id]
        count, total = history.seqr.summary(
            shop.terminal, history.midnights[figures.day][shop.seller.reseller_id]
        )
        assert sum(each.total for each in figures.takings) == total
        assert sum(amount for _, amount in figures.report.reported) == total
        assert figures.report.matched == count
        assert verdict_of(figures).outcome is Outcome.AGREES
        assert_equals_receipts(shop, figures)


def assert_equals_receipts(shop: Shop, figures: DayFigures) -> None:
    """Check the figures against the content of each receipt of the day."""
    receipts = list(receipts_of(shop, figures.day))
    numbers = [receipt.number or 0 for receipt in receipts]
    if not receipts:
        assert not figures.takings
        assert not figures.numbers
        return
    (range_,) = figures.numbers
    assert (range_.first, range_.last, range_.receipts) == (
        min(numbers),
        max(numbers),
        len(numbers),
    )
    assert range_.missing == 0
    sums: defaultdict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    for receipt in filter(is_shown, receipts):
        for line in content_of(receipt).vat_lines:
            sums[receipt.currency, line.rate] += line.gross
    if all(map(is_shown, receipts)):
        for takings in figures.takings:
            tips = takings.tips + takings.tips_refunded
            for line in takings.lines:
                tip = tips if line.rate == 0 else Decimal(0)
                assert sums[takings.currency, line.rate] == line.gross + tip


def receipts_of(shop: Shop, day: date) -> Iterator[Receipt]:
    """Yield the receipts of a shop's day, found by their times alone."""
    receipts = Receipt.objects.filter(invoice__shop=shop).order_by("number")
    for pk, issued_at in receipts.values_list("pk", "issued_at"):
        if day_of(issued_at) == day:
            yield stored_receipt(pk)
