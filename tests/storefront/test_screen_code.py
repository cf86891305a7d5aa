"""GET orders/<id>/qr: the invoice's QR code."""

from __future__ import annotations

import re

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from orders.models import CustomerSession
from tests.factories import CustomerSessionFactory
from tests.storefront.conftest import JsonClient
from tests.storefront.steps import invoice_of, path_of

MODULE = 8  # pixels
BORDER = 4  # modules


def read_code(size: int, path: str) -> str:
    """Return the text that a phone decodes from the drawing."""
    image = Image.new("L", ((size + 2 * BORDER) * MODULE,) * 2, 255)
    draw = ImageDraw.Draw(image)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", path):
        left, top = ((int(at) + BORDER) * MODULE for at in (x, y))
        draw.rectangle((left, top, left + int(width) * MODULE - 1, top + MODULE - 1), fill=0)
    [found] = zxingcpp.read_barcodes(image)
    return found.text


def test_payable_order_has_qr_code_of_its_invoice(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    invoice = invoice_of(customer_session, "issued")

    response = customer.get(path_of(invoice, "/qr"))

    assert read_code(**response.json()["code"]) == f"HTTP://SEQR.SE/R{invoice.invoice_reference}"
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "trait",
    [None, "sending", "needs_attention", "cancel_pending", "paid", "canceled", "failed", "expired"],
)
def test_order_that_cannot_be_paid_has_no_qr_code(
    customer: JsonClient, customer_session: CustomerSession, trait: str | None
) -> None:
    response = customer.get(path_of(invoice_of(customer_session, trait), "/qr"))

    assert (response.status_code, response.json()) == (200, {"code": None})


def test_qr_code_is_not_found_for_another_customer(customer_session: CustomerSession) -> None:
    path = path_of(invoice_of(customer_session, "issued"), "/qr")
    CustomerSessionFactory.create(shop=customer_session.shop, token="other-customers-token")

    assert JsonClient("other-customers-token").get(path).status_code == 404
    assert JsonClient().get(path).status_code == 401
