"""The receipt, authorised by the customer session or the order's return key."""

from __future__ import annotations

import io
import re
import uuid

import pytest
from pypdf import PdfReader

from orders.models import CustomerSession
from payments.models import Invoice, Receipt, ReceiptKind
from seqrshop.storefront import rate_limits
from tests.conftest import TOKEN
from tests.factories import InvoiceFactory, ReceiptFactory
from tests.storefront.conftest import JsonClient
from tests.storefront.steps import invoice_of, path_of

KINDS = pytest.mark.parametrize("kind", ["/receipt", "/receipt.pdf"])
UNPAID = [None, "sending", "issued", "needs_attention", "cancel_pending", "canceled", "failed"]


@pytest.fixture
def paid(customer_session: CustomerSession) -> Invoice:
    """The customer's paid order over 45.00 SEK."""
    return invoice_of(customer_session, "paid")


def return_key_path(invoice: Invoice, kind: str = "/receipt") -> str:
    """Return the address of the receipt for the holder of the return key."""
    return f"/return/{invoice.order.return_key}{kind}"


def in_swedish(invoice: Invoice) -> Invoice:
    """Set the order's language to Swedish."""
    invoice.order.language = "sv"
    invoice.order.save()
    return invoice


def test_receipt_shows_payment_in_language_of_order(client: JsonClient, paid: Invoice) -> None:
    response = client.get(return_key_path(in_swedish(paid)), headers={"Accept-Language": "en"})

    html = response.content.decode()
    assert response.status_code == 200
    assert response["Content-Language"] == "sv"
    for words in (
        "Kvitto",
        "Kafé Lyktan",
        "Lyktan Kafé AB",
        "556677-8899",
        "SE556677889901",
        "Storgatan 1, 111 22 Stockholm",
        paid.order.number,
        "1 × Kanelbulle",
        "12\xa0%",
        ">40,18<",
        ">4,82<",
        "45,00\xa0kr",
        str(paid.ers_reference),
        "Betalt med SEQR",
    ):
        assert words in html
    assert html.count(str(paid.ers_reference)) == 1
    assert str(paid.invoice_reference) not in html


def test_receipt_is_the_same_by_token_and_by_return_key(
    client: JsonClient, customer: JsonClient, paid: Invoice
) -> None:
    by_token = customer.get(path_of(paid, "/receipt"))
    by_key = client.get(return_key_path(paid))

    assert (by_token.status_code, by_token.content) == (200, by_key.content)


@KINDS
def test_customer_reads_receipt_by_cookie(client: JsonClient, paid: Invoice, kind: str) -> None:
    client.send("/lyktan/session", {"token": TOKEN})

    assert client.get(path_of(paid, kind)).status_code == 200


@KINDS
def test_receipt_without_session_needs_return_key(
    client: JsonClient, paid: Invoice, kind: str
) -> None:
    page = client.get(path_of(paid, kind), headers={"Accept": "text/html"})

    assert page.status_code == 401
    assert "Scan the code again" in page.content.decode()
    assert client.get(return_key_path(paid, kind)).status_code == 200


@KINDS
@pytest.mark.parametrize("trait", UNPAID)
def test_unpaid_order_has_no_receipt(
    customer: JsonClient, customer_session: CustomerSession, kind: str, trait: str | None
) -> None:
    invoice = invoice_of(customer_session, trait)

    assert customer.get(path_of(invoice, kind)).status_code == 404
    assert customer.get(return_key_path(invoice, kind)).status_code == 404
    assert customer.get(path_of(invoice)).json()["receipt_url"] is None


@KINDS
def test_order_with_other_total_than_rows_has_no_receipt(
    customer: JsonClient, customer_session: CustomerSession, kind: str
) -> None:
    invoice = invoice_of(customer_session, "paid", paid_amount="4.50", paid_currency="SEK")

    assert customer.get(path_of(invoice, kind)).status_code == 404
    assert customer.get(path_of(invoice)).json()["receipt_url"] is None


@KINDS
def test_receipt_of_another_customer_is_not_found(customer: JsonClient, kind: str) -> None:
    others = InvoiceFactory.create(paid=True)

    for path in (
        path_of(others, kind),
        f"/orders/{uuid.uuid4()}{kind}",
        f"/return/guessed-key{kind}",
    ):
        assert customer.get(path).status_code == 404


@KINDS
def test_receipt_rejects_post(client: JsonClient, paid: Invoice, kind: str) -> None:
    assert client.post(return_key_path(paid, kind)).status_code in {403, 405}


@KINDS
def test_receipt_is_not_cached(client: JsonClient, paid: Invoice, kind: str) -> None:
    response = client.get(return_key_path(paid, kind))

    assert "no-store" in response["Cache-Control"]
    assert not response.cookies


def test_receipt_names_no_customer(client: JsonClient, paid: Invoice) -> None:
    customer = paid.order.customer

    html = client.get(return_key_path(paid)).content.decode()

    for secret in (customer.msisdn, customer.subscriber_key, str(paid.order.public_id), TOKEN):
        assert secret not in html


def test_receipt_page_has_no_inline_or_foreign_content(client: JsonClient, paid: Invoice) -> None:
    response = client.get(return_key_path(paid))

    html = response.content.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script|javascript:", html)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', html)
    assert "unsafe" not in response["Content-Security-Policy"]


def test_receipt_page_links_to_pdf_order_and_app(client: JsonClient, paid: Invoice) -> None:
    html = client.get(return_key_path(paid)).content.decode()

    assert f'href="{return_key_path(paid, "/receipts/1.pdf")}"' in html
    assert f'href="{return_key_path(paid, "")}"' in html
    assert 'href="SEQR-ACTION://WIZARD/CANCEL"' in html


def test_receipt_pdf_is_valid_and_has_file_name(client: JsonClient, paid: Invoice) -> None:
    response = client.get(return_key_path(in_swedish(paid), "/receipt.pdf"))

    text = PdfReader(io.BytesIO(response.content)).pages[0].extract_text()
    assert response["Content-Type"] == "application/pdf"
    name = "kvitto-1.pdf"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "1 × Kanelbulle" in text
    assert str(paid.ers_reference) in text


def test_paid_order_has_receipt_url(customer: JsonClient, paid: Invoice) -> None:
    url = customer.get(path_of(paid)).json()["receipt_url"]

    assert url == return_key_path(paid)
    assert customer.get(url).status_code == 200
    assert customer.get(f"{url}.pdf").status_code == 200


@pytest.mark.parametrize("trait", ["paid", "issued"])
def test_return_page_links_to_receipt_of_paid_order(
    client: JsonClient, customer_session: CustomerSession, trait: str
) -> None:
    invoice = invoice_of(customer_session, trait)

    html = client.get(f"/return/{invoice.order.return_key}").content.decode()
    receipt_url = client.get(f"/return/{invoice.order.return_key}.json").json()["receipt_url"]

    assert (return_key_path(invoice) in html) == (trait == "paid")
    assert (f"{return_key_path(invoice)}.pdf" in html) == (trait == "paid")
    assert receipt_url == (return_key_path(invoice) if trait == "paid" else None)


def test_receipt_pdf_is_rate_limited(
    client: JsonClient, paid: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "PDF", rate_limits.Limit("pdf", per_order=2))

    codes = [client.get(return_key_path(paid, "/receipt.pdf")).status_code for _ in range(3)]

    assert codes == [200, 200, 429]


def test_receipts_count_against_rate_limit_of_reads(
    client: JsonClient, customer: JsonClient, paid: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "READ", rate_limits.Limit("read", per_customer=1))
    monkeypatch.setattr(rate_limits, "RETURN_PAGE", rate_limits.Limit("return-page", per_order=1))

    by_token = [customer.get(path_of(paid, "/receipt")).status_code for _ in range(2)]
    by_key = [client.get(return_key_path(paid)).status_code for _ in range(2)]

    assert by_token == by_key == [200, 429]


@pytest.fixture
def credit(paid: Invoice) -> Receipt:
    """The credit receipt of the whole payment, which SEQR has reversed."""
    payment = Receipt.objects.get(invoice=paid)
    return ReceiptFactory.create(invoice=paid, kind=ReceiptKind.REVERSAL, credited=payment)


def test_receipt_of_refunded_payment_leads_to_its_credit_receipt_and_back(
    client: JsonClient, paid: Invoice, credit: Receipt
) -> None:
    html = client.get(return_key_path(in_swedish(paid))).content.decode()
    credited = client.get(return_key_path(paid, "/receipts/2")).content.decode()

    assert "Återbetalt" in html
    assert f'href="{return_key_path(paid, "/receipts/2")}"' in html
    assert "Kreditkvitto" in credited
    assert "-45,00\xa0kr" in credited.replace("\N{MINUS SIGN}", "-")
    assert f'href="{return_key_path(paid, "/receipts/1")}"' in credited


def test_credit_receipt_is_a_pdf_of_its_own(
    client: JsonClient, paid: Invoice, credit: Receipt
) -> None:
    response = client.get(return_key_path(in_swedish(paid), "/receipts/2.pdf"))

    assert 'filename="kreditkvitto-2.pdf"' in response["Content-Disposition"]
    assert "Kreditkvitto" in PdfReader(io.BytesIO(response.content)).pages[0].extract_text()


def test_reversed_payment_keeps_its_receipt(
    client: JsonClient, paid: Invoice, credit: Receipt
) -> None:
    Invoice.objects.filter(pk=paid.pk).update(status="CANCELED")

    assert client.get(return_key_path(paid)).status_code == 200
    assert client.get(return_key_path(paid, "/receipts/2")).status_code == 200


@pytest.mark.parametrize("kind", ["/receipts/{}", "/receipts/{}.pdf"])
def test_number_of_another_order_is_not_found(client: JsonClient, paid: Invoice, kind: str) -> None:
    others = Receipt.objects.get(invoice=InvoiceFactory.create(paid=True, order__shop=paid.shop))

    for number in (others.number, 99, 10**30):
        assert client.get(return_key_path(paid, kind.format(number))).status_code == 404
