"""What is exported: the content, the period, the shops; and the rows that belong to it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any, TypeAlias

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext

from orders.models import Seller, Shop
from payments.exports.order_tables import ORDERS, ROWS
from payments.exports.payment_tables import CASES, PAYMENTS, REFUNDS
from payments.exports.problem import ExportProblem
from payments.exports.receipt_tables import RECEIPTS
from payments.exports.table import Table
from payments.models import ExportedContent, FileFormat
from payments.receipts.content import STOCKHOLM

_OfShops: TypeAlias = Callable[[frozenset[int]], Q]
FIRST_YEAR, LAST_YEAR = 2000, 2099
MAX_DAYS = 366  # of vouchers and of VAT by day, which are held in memory
TABLES = {
    ExportedContent.ORDERS: ORDERS,
    ExportedContent.ROWS: ROWS,
    ExportedContent.PAYMENTS: PAYMENTS,
    ExportedContent.REFUNDS: REFUNDS,
    ExportedContent.RECEIPTS: RECEIPTS,
    ExportedContent.CASES: CASES,
}


@dataclass(frozen=True)
class Selection:
    """An export of some shops from one local day to another, both included."""

    content: ExportedContent
    file_format: FileFormat
    first: date
    last: date
    shop_ids: frozenset[int]

    @property
    def extension(self) -> str:
        """The extension of the file's name: vouchers have a format of their own."""
        return "si" if self.content == ExportedContent.SIE else self.file_format.value

    @property
    def choice(self) -> str:
        """The chosen days and shops as text for the audit."""
        slugs = Shop.objects.filter(pk__in=self.shop_ids).order_by("slug")
        shops = ", ".join(slugs.values_list("slug", flat=True))
        return f"days: {self.first} to {self.last}; shops: {shops}"

    @property
    def file_name(self) -> str:
        """The name of the file, such as `vat-2026-11-01-2026-11-30.csv`."""
        return f"{self.content.value}-{self.first}-{self.last}.{self.extension}"

    @cached_property
    def table(self) -> Table:
        """The exported table. Raises KeyError for what is not a table of rows."""
        return TABLES[self.content]

    def rows(self) -> QuerySet[Any]:
        """Return the rows of the table that belong to the shops and the period."""
        of_shops, moment = _CONDITIONS[self.content]
        rows: QuerySet[Any] = self.table.model._default_manager.all()
        return rows.filter(of_shops(self.shop_ids), self.within(moment))

    def within(self, field: str) -> Q:
        """Return the condition that a time is within the days of the period."""
        first, end = midnight(self.first), midnight(self.last + timedelta(days=1))
        return Q(**{f"{field}__gte": first, f"{field}__lt": end})

    def require_sane(self, today: date) -> None:
        """Raise ExportProblem for a period without days, one too long, or a day still open."""
        if self.last < self.first:
            raise ExportProblem(gettext("The last day is before the first."))
        if not FIRST_YEAR <= self.first.year <= self.last.year <= LAST_YEAR:
            raise ExportProblem(gettext("Choose days from 2000 to 2099."))
        is_by_day = self.content not in TABLES
        if is_by_day and (self.last - self.first).days >= MAX_DAYS:
            raise ExportProblem(gettext("Choose a period of a year at most."))
        if self.content == ExportedContent.SIE and self.last >= today:
            sentence = gettext(
                "Vouchers are of days that are over, so that none is booked twice. Choose a last "
                "day before today."
            )
            raise ExportProblem(sentence)


def midnight(day: date) -> datetime:
    """Return the beginning of a day in Stockholm."""
    return datetime.combine(day, time.min, STOCKHOLM)


def _cases(shop_ids: frozenset[int]) -> Q:
    """Select the cases about these shops' orders, and those of sellers without another shop.

    A case about a terminal or its period concerns all of the seller's shops.
    """
    others = Shop.objects.filter(seller=OuterRef("pk")).exclude(pk__in=shop_ids)
    sellers = Seller.objects.filter(~Exists(others), shops__in=shop_ids)
    of_seller = Q(terminal__seller__in=sellers) | Q(period__terminal__seller__in=sellers)
    return Q(order__shop__in=shop_ids) | (Q(order=None) & of_seller)


def _of(path: str) -> _OfShops:
    return lambda shop_ids: Q(**{f"{path}__in": shop_ids})


# How a row leads to its shop, and the time that decides whether it is in the period.
_CONDITIONS: dict[ExportedContent, tuple[_OfShops, str]] = {
    ExportedContent.ORDERS: (_of("shop"), "created_at"),
    ExportedContent.ROWS: (_of("shop"), "created_at"),
    ExportedContent.PAYMENTS: (_of("shop"), "paid_at"),
    ExportedContent.REFUNDS: (_of("invoice__shop"), "refunded_at"),
    ExportedContent.RECEIPTS: (_of("invoice__shop"), "issued_at"),
    ExportedContent.CASES: (_cases, "opened_at"),
}
