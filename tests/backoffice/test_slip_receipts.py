"""The receipts of an order's slip: as the customer has them, and no others."""

from __future__ import annotations

import io

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from orders.models import Order
from payments.models import Invoice, InvoiceStatus, Receipt
from tests.factories import InvoiceFactory, OrderFactory, OrderRowFactory
from tests.staff import page_url, superuser

pytestmark = pytest.mark.django_db


def receipt_of(client: Client, order: Order, number: int | str | None = None) -> tuple[int, str]:
    """Return the status of a receipt's address, and the name of the file."""
    query: dict[str, int | str] = {} if number is None else {"number": number}
    answer = client.get(reverse("admin:orders_order_receipt", args=[order.pk]), query)
    return answer.status_code, answer.headers.get("Content-Disposition", "")


def test_receipt_of_the_payment_is_a_pdf_which_the_browser_shows() -> None:
    invoice = InvoiceFactory.create(paid=True)
    OrderRowFactory.create(order=invoice.order)
    number = Receipt.objects.get(invoice=invoice).number
    client = superuser()

    answer = client.get(reverse("admin:orders_order_receipt", args=[invoice.order_id]))

    assert answer["Content-Type"] == "application/pdf"
    assert len(PdfReader(io.BytesIO(answer.content)).pages) == 1
    assert receipt_of(client, invoice.order) == (200, f'inline; filename="{number}.pdf"')
    assert receipt_of(client, invoice.order, number) == (200, f'inline; filename="{number}.pdf"')


def test_there_is_no_receipt_without_a_payment() -> None:
    client = superuser()

    for order in (OrderFactory.create(), InvoiceFactory.create().order):
        assert receipt_of(client, order) == (404, "")


def test_number_of_no_receipt_of_the_order_is_not_found() -> None:
    client, order = superuser(), InvoiceFactory.create(paid=True).order
    other = Receipt.objects.get(invoice=InvoiceFactory.create(paid=True)).number

    for number in ("x", "0", "99999999999999999999", other):
        assert receipt_of(client, order, number) == (404, "")


def test_slip_has_no_time_of_a_payment_that_seqr_has_taken_back() -> None:
    paid = InvoiceFactory.create(paid=True)
    reversed_one = InvoiceFactory.create(paid=True)
    Invoice.objects.filter(pk=reversed_one.pk).update(status=InvoiceStatus.EXPIRED)
    client = superuser()

    money = [
        client.get(page_url(each.order)).context["slip"].money for each in (paid, reversed_one)
    ]

    assert [each.paid_at for each in money] == [paid.paid_at, None]
    assert money[1].paid == ""
