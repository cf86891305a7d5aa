"""The receipt as the HTML that SEQR stores, and as a PDF."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pypdf import PdfReader

from payments.receipts.content import Receipt, ReceiptRow
from payments.receipts.document import receipt_html
from payments.receipts.pdf import receipt_pdf

D = Decimal
NO_BREAK_SPACE = "\u00a0"


def receipt(
    language: str = "sv", name: str = "Räksmörgås på råg", shop: str = "Kafé Ån"
) -> Receipt:
    """Return a receipt of two VAT rates: 2 x 22.50 at 12 %, 1 x 100.00 at 25 %."""
    return Receipt(
        shop=shop,
        number="1005",
        language=language,
        paid_at=datetime(2026, 6, 30, 12, 5, tzinfo=UTC),
        rows=(
            ReceiptRow(name, 2, D("22.50"), D("12.00"), D("45.00")),
            ReceiptRow("Mugg", 1, D("100.00"), D("25.00"), D("100.00")),
        ),
        total=D("145.00"),
        currency="SEK",
        invoice_reference="1234567890",
        ers_reference="2012060410485453001000101",
        payment_reference="PAY77",
    )


def text_of_html(shown: Receipt) -> str:
    """Return the visible text of the HTML."""
    html = re.sub(r"<style>.*?</style>", "", receipt_html(shown), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace(NO_BREAK_SPACE, " ").split())


def text_of_pdf(shown: Receipt) -> str:
    """Return the text of the PDF."""
    pages = PdfReader(io.BytesIO(receipt_pdf(shown))).pages
    text = " ".join(page.extract_text() for page in pages)
    return " ".join(text.replace(NO_BREAK_SPACE, " ").split())


def discounted_receipt() -> Receipt:
    """Return the receipt with a discount of 4.50 at 12 %."""
    full = receipt()
    off = ReceiptRow("Stamkundsrabatt 10 %", 1, D("-4.50"), D("12.00"), D("-4.50"))
    return replace(full, rows=(*full.rows, off), total=D("140.50"))


FORMS = pytest.mark.parametrize("text_of", [text_of_html, text_of_pdf])


@FORMS
def test_receipt_shows_products_vat_and_payment(text_of: Callable[[Receipt], str]) -> None:
    text = text_of(receipt())

    for expected in (
        "Kvitto",
        "Kafé Ån",
        "1005",
        "2026-06-30 14:05",
        "2 × Räksmörgås på råg",
        "22,50 kr per styck",
        "45,00 kr",
        "1 × Mugg",
        "Summa 145,00 kr",
        "12 % 40,18 4,82 45,00",
        "25 % 80,00 20,00 100,00",
        "Betalt med SEQR",
        "1234567890",
        "2012060410485453001000101",
        "PAY77",
    ):
        assert expected in text


@FORMS
def test_discount_is_shown_with_its_amount(text_of: Callable[[Receipt], str]) -> None:
    text = text_of(discounted_receipt())

    assert "Stamkundsrabatt 10 % -4,50 kr" in text
    assert "1 × Stamkund" not in text
    assert "140,50 kr" in text
    assert "12 % 36,16 4,34 40,50" in text


@FORMS
def test_receipt_is_in_the_orders_language(text_of: Callable[[Receipt], str]) -> None:
    text = text_of(receipt("en"))

    assert "Receipt" in text
    assert "SEK 22.50 each" in text
    assert "25 % 80.00 20.00 100.00" in text
    assert "Paid with SEQR" in text


def test_html_has_no_external_resources() -> None:
    html = receipt_html(receipt())

    assert html.lstrip().startswith("<!DOCTYPE html>")
    assert '<html lang="sv">' in html
    assert '<meta charset="utf-8">' in html
    assert not re.search(r"<script|<link|<img|\s(?:src|href|on\w+)=|@import|url\(", html)


def test_markup_in_a_name_is_escaped() -> None:
    html = receipt_html(receipt(name="<b>&</b>", shop="<script>alert(1)</script>"))

    assert "2 × &lt;b&gt;&amp;&lt;/b&gt;" in html
    assert "<script" not in html


def test_same_receipt_gives_same_document() -> None:
    assert receipt_html(receipt()) == receipt_html(receipt())
    assert receipt_pdf(receipt()) == receipt_pdf(receipt())


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Tårta 🍰", "Tårta ?"),
        ("Pączki", "Paczki"),
        ("寿司", "??"),
        ("Cafe\u0301 – “å la” €5", "Café – “å la” €5"),
        ("x" * 80, "x" * 20),
        ("**a** __b__ `c` <d> \\", "**a** __b__ `c` <d> \\"),
    ],
)
def test_pdf_replaces_unsupported_characters(name: str, shown: str) -> None:
    assert shown in text_of_pdf(receipt(name=name))


def test_pdf_has_title_language_and_author() -> None:
    reader = PdfReader(io.BytesIO(receipt_pdf(receipt())))

    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == (
        "Kvitto för beställning 1005",
        "Kafé Ån",
    )
    assert str(reader.root_object["/Lang"]) == "sv"


def test_long_receipt_continues_on_next_page() -> None:
    rows = tuple(
        ReceiptRow(f"Kanelbulle {n}", 1, D("45.00"), D("12.00"), D("45.00")) for n in range(100)
    )
    long = replace(receipt(), rows=rows, total=D("4500.00"))

    text = text_of_pdf(long)

    assert len(PdfReader(io.BytesIO(receipt_pdf(long))).pages) > 2
    assert "1 × Kanelbulle 0" in text
    assert "1 × Kanelbulle 99" in text
    assert "4 500,00 kr" in text
