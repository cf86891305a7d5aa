"""The receipt as the HTML that SEQR keeps, and as a PDF."""

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
    """Two things at two rates: 2 x 22.50 at 12 %, 1 x 100.00 at 25 %."""
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


def text_of_html(told: Receipt) -> str:
    """Return what a person reads in the document, without its style."""
    html = re.sub(r"<style>.*?</style>", "", receipt_html(told), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace(NO_BREAK_SPACE, " ").split())


def text_of_pdf(told: Receipt) -> str:
    """Return what a PDF reader finds in the document."""
    pages = PdfReader(io.BytesIO(receipt_pdf(told))).pages
    text = " ".join(page.extract_text() for page in pages)
    return " ".join(text.replace(NO_BREAK_SPACE, " ").split())


def with_discount() -> Receipt:
    """The same, less 4.50 at 12 %."""
    full = receipt()
    off = ReceiptRow("Stamkundsrabatt 10 %", 1, D("-4.50"), D("12.00"), D("-4.50"))
    return replace(full, rows=(*full.rows, off), total=D("140.50"))


FORMS = pytest.mark.parametrize("text_of", [text_of_html, text_of_pdf])


@FORMS
def test_a_receipt_tells_all_that_was_bought_and_how_it_was_paid(
    text_of: Callable[[Receipt], str],
) -> None:
    text = text_of(receipt())

    for words in (
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
        assert words in text


@FORMS
def test_a_discount_is_named_with_what_it_takes_off(text_of: Callable[[Receipt], str]) -> None:
    text = text_of(with_discount())

    assert "Stamkundsrabatt 10 % -4,50 kr" in text
    assert "1 × Stamkund" not in text
    assert "140,50 kr" in text
    assert "12 % 36,16 4,34 40,50" in text


@FORMS
def test_a_receipt_speaks_the_orders_language(text_of: Callable[[Receipt], str]) -> None:
    text = text_of(receipt("en"))

    assert "Receipt" in text
    assert "SEK 22.50 each" in text
    assert "25 % 80.00 20.00 100.00" in text
    assert "Paid with SEQR" in text


def test_the_html_needs_nothing_beside_itself() -> None:
    html = receipt_html(receipt())

    assert html.lstrip().startswith("<!DOCTYPE html>")
    assert '<html lang="sv">' in html
    assert '<meta charset="utf-8">' in html
    assert not re.search(r"<script|<link|<img|\s(?:src|href|on\w+)=|@import|url\(", html)


def test_markup_in_a_name_is_text() -> None:
    html = receipt_html(receipt(name="<b>&</b>", shop="<script>alert(1)</script>"))

    assert "2 × &lt;b&gt;&amp;&lt;/b&gt;" in html
    assert "<script" not in html


def test_the_same_receipt_is_the_same_document() -> None:
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
def test_any_letter_can_stand_in_a_pdf(name: str, shown: str) -> None:
    assert shown in text_of_pdf(receipt(name=name))


def test_a_pdf_names_its_title_language_and_shop() -> None:
    reader = PdfReader(io.BytesIO(receipt_pdf(receipt())))

    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == (
        "Kvitto för beställning 1005",
        "Kafé Ån",
    )
    assert str(reader.root_object["/Lang"]) == "sv"


def test_a_long_order_goes_on_to_the_next_page() -> None:
    rows = tuple(
        ReceiptRow(f"Kanelbulle {n}", 1, D("45.00"), D("12.00"), D("45.00")) for n in range(100)
    )
    long = Receipt(
        **(vars(receipt()) | {"rows": rows, "total": D("4500.00")}),
    )

    text = text_of_pdf(long)

    assert len(PdfReader(io.BytesIO(receipt_pdf(long))).pages) > 2
    assert "1 × Kanelbulle 0" in text
    assert "1 × Kanelbulle 99" in text
    assert "4 500,00 kr" in text
