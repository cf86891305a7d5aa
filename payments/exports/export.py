"""Makes the file of an export, in parts or on the disk."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

from django.db.models import Case, F, Sum, When
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext

from orders.models import Shop
from orders.query_plans import long_read
from payments.exports.account_plans import plan_of
from payments.exports.cells import Row
from payments.exports.csv_file import csv_parts
from payments.exports.excel_file import MAX_EXCEL_ROWS, write_excel
from payments.exports.problem import ExportProblem
from payments.exports.receipt_tables import VAT_COLUMNS, vat_lines
from payments.exports.record import RowCount
from payments.exports.selection import TABLES, Selection
from payments.exports.sie.file import SieFile, financial_years
from payments.exports.sie.vouchers import DayKey, currency_of, legal_name_of, vouchers_of
from payments.exports.table import READ_TIMEOUT_SECONDS
from payments.models import ExportedContent, FileFormat, Receipt, ReceiptKind
from payments.receipts.content import STOCKHOLM
from payments.takings.days import takings_of_days
from seqrshop import __version__

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "si": "application/octet-stream",  # in code page 437, which no browser shows
}


def today() -> date:
    """Return the day in Stockholm."""
    return timezone.now().astimezone(STOCKHOLM).date()


def parts_of(selection: Selection, count: RowCount) -> Iterator[bytes]:
    """Return the parts of a CSV or a SIE file. Raises ExportProblem before the first of them."""
    selection.require_sane(today())
    if selection.content == ExportedContent.SIE:
        return iter((sie_content(selection, count),))
    columns, batches = _columns_and_batches(selection)
    return csv_parts(columns, count.of(batches))


def write_file(
    selection: Selection, path: Path, count: RowCount, *, most_rows: int = MAX_EXCEL_ROWS
) -> None:
    """Write the file of an export. `most_rows` limits an Excel file. Raises ExportProblem."""
    if selection.content == ExportedContent.SIE or selection.file_format == FileFormat.CSV:
        with path.open("wb") as file:
            file.writelines(parts_of(selection, count))
        return
    selection.require_sane(today())
    columns, batches = _columns_and_batches(selection)
    content = selection.content.value
    write_excel(path, content, columns, count.of(batches), most_rows=most_rows)


def _columns_and_batches(
    selection: Selection,
) -> tuple[tuple[str, ...], Iterable[list[Row]]]:
    if selection.content in TABLES:
        return selection.table.columns, selection.table.batches(selection.rows())
    shops = Shop.objects.select_related("seller").in_bulk(selection.shop_ids)
    takings = takings_of_days(selection.shop_ids, selection.first, selection.last)
    return VAT_COLUMNS, [list(vat_lines(takings, shops))]


def sie_content(selection: Selection, count: RowCount) -> bytes:
    """Return the SIE file of the chosen shops, which are of one seller, and count its vouchers.

    Raises ExportProblem.
    """
    shops = Shop.objects.select_related("seller").in_bulk(selection.shop_ids)
    sellers = {shop.seller_id: shop.seller for shop in shops.values()}
    if len(sellers) != 1:
        raise ExportProblem(gettext("A SIE file is of one company: choose shops of one seller."))
    (seller,) = sellers.values()
    company = legal_name_of(seller)
    plan = plan_of(seller)
    takings = takings_of_days(selection.shop_ids, selection.first, selection.last)
    currency = currency_of(takings)
    names = {pk: shop.name for pk, shop in shops.items()}
    vouchers = vouchers_of(plan, takings, _owed_of_days(selection), names)
    count.rows = len(vouchers)
    return SieFile(
        program="seqrshop",
        version=__version__,
        generated=today(),
        organisation_number=seller.organisation_number,
        company=company,
        currency=currency,
        years=financial_years(selection.first, selection.last, plan.first_month),
        series=plan.series,
        vouchers=vouchers,
    ).content()


def _owed_of_days(selection: Selection) -> dict[DayKey, Decimal]:
    """Return what SEQR owes for each shop, day and currency, by the receipts' own amounts."""
    owed = Case(When(kind=ReceiptKind.PAYMENT, then=F("amount")), default=-F("amount"))
    receipts = Receipt.objects.filter(
        selection.within("issued_at"), invoice__shop__in=selection.shop_ids
    )
    days = (
        receipts.annotate(day=TruncDate("issued_at", tzinfo=STOCKHOLM))
        .order_by()
        .values_list("invoice__shop", "day", "currency")
        .annotate(owed=Sum(owed))
    )
    with long_read(READ_TIMEOUT_SECONDS):
        return {(shop, day, currency): amount for shop, day, currency, amount in days}
