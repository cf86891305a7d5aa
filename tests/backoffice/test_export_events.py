"""The audit says who exported which rows, and nothing about the persons in them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from orders.audit import by_staff
from orders.models import AuditEvent, Order, SubjectType
from payments.exports.cells import Row
from payments.exports.csv_file import csv_parts
from payments.exports.record import ExportRecord
from tests.backoffice.test_exports import EXPORT, PAGE, content_of, form, sold, yesterday
from tests.staff import admin_url, staff, user_of

pytestmark = pytest.mark.django_db


def file_events() -> list[tuple[str, str, str]]:
    """Return what the audit says of files: the event, the file and the details."""
    events = AuditEvent.objects.filter(subject_type=SubjectType.FILE).order_by("id")
    return list(events.values_list("name", "subject_label", "detail"))


@pytest.mark.parametrize(("file_format", "is_streamed"), [("csv", True), ("xlsx", False)])
def test_audit_records_who_exports_what_and_how_many_rows(
    file_format: str, is_streamed: bool
) -> None:
    shop = sold().shop
    browser = staff(EXPORT)

    content_of(browser.post(PAGE, form(shop, file_format=file_format)))

    name = f"receipts-{yesterday()}-{yesterday()}.{file_format}"
    choice = f"days: {yesterday()} to {yesterday()}; shops: {shop.slug}"
    made = ("export_made", name, f"rows: 1; {choice}")
    assert file_events() == [*([("export_started", name, choice)] if is_streamed else []), made]
    assert {event.actor for event in AuditEvent.objects.all()} == {user_of(browser)}


def test_audit_keeps_the_filter_of_an_exported_list_and_not_what_was_searched_for() -> None:
    sold()
    query = {"q": "46701234567", "state__exact": "paid", "o": "1"}

    response = staff(EXPORT, "orders.view_order").get(admin_url(Order, "export_csv"), query)
    content_of(response)

    choice = "list: o=1, q, state__exact=paid"
    name = f"orders-{timezone.localdate()}.csv"
    assert file_events() == [
        ("export_started", name, choice),
        ("export_made", name, f"rows: 0; {choice}"),
    ]


def test_audit_says_how_far_an_export_came_that_was_broken_off(clerk: User) -> None:
    record = ExportRecord("orders.csv", "list: all rows", by_staff(clerk))
    batches: list[list[Row]] = [[("1001",), ("1002",)], [("1003",)]]
    parts: Any = record.streamed(csv_parts(("order",), record.count.of(batches)))

    next(parts), next(parts)
    parts.close()

    assert file_events() == [
        ("export_started", "orders.csv", "list: all rows"),
        ("export_made", "orders.csv", "rows: 2, broken off; list: all rows"),
    ]
