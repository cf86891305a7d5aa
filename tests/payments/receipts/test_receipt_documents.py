"""The receipt as the HTML that SEQR stores, and as a PDF."""

import io
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from pypdf import PdfReader

from orders.pdf_font import FONT_FILES
from payments.receipts.content import (
    ReceiptContent,
    ReceiptRow,
    RelatedReceipt,
    SellerDetails,
    vat_by_rate,
)
from payments.receipts.document import receipt_html
from payments.receipts.pdf import receipt_pdf
from payments.receipts.pdf_parts import MARGIN_MM

D = Decimal
NO_BREAK_SPACE = "\u00a0"


def receipt(
    language: str = "sv", name: str = "Räksmörgås på råg", shop: str = "Kafé Ån"
) -> ReceiptContent:
    """Return a receipt of two VAT rates: 2 x 22.50 at 12 %, 1 x 100.00 at 25 %."""
    rows = (
        ReceiptRow(name, 2, D("22.50"), D("12.00"), D("45.00")),
        ReceiptRow("Mugg", 1, D("100.00"), D("25.00"), D("100.00")),
    )
    return ReceiptContent(
        seller=SellerDetails(
            "Lyktan Kafé AB", "556677-8899", "SE556677889901", "Storgatan 1", "111 22", "Umeå"
        ),
        shop=shop,
        number=17,
        order_number="1005",
        language=language,
        issued_at=datetime(2026, 6, 30, 12, 5, tzinfo=UTC),
        rows=rows,
        vat_lines=vat_by_rate(rows),
        total=D("145.00"),
        currency="SEK",
        payment_number="2012060410485453001000101",
    )


def text_of_html(shown: ReceiptContent) -> str:
    """Return the visible text of the HTML."""
    html = re.sub(r"<style>.*?</style>", "", receipt_html(shown), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace(NO_BREAK_SPACE, " ").split())


def text_of_pdf(shown: ReceiptContent) -> str:
    """Return the text of the PDF."""
    pages = PdfReader(io.BytesIO(receipt_pdf(shown))).pages
    text = " ".join(page.extract_text() for page in pages)
    return " ".join(text.replace(NO_BREAK_SPACE, " ").split())


def with_rows(*rows: ReceiptRow) -> ReceiptContent:
    """Return a receipt of these rows."""
    total = sum((row.total for row in rows), D(0))
    return replace(receipt(), rows=rows, vat_lines=vat_by_rate(rows), total=total)


def discounted_receipt() -> ReceiptContent:
    """Return the receipt with a discount of 4.50 at 12 %."""
    off = ReceiptRow("Stamkundsrabatt 10 %", None, None, D("12.00"), D("-4.50"))
    return with_rows(*receipt().rows, off)


def credit_receipt() -> ReceiptContent:
    """Return a credit receipt of one bun at 22.50, for receipt 17."""
    content = with_rows(ReceiptRow("Kanelbulle", 1, None, D("12.00"), D("-22.50")))
    paid = RelatedReceipt(17, content.issued_at, D("145.00"))
    return replace(content, number=18, credited=paid)


FORMS = pytest.mark.parametrize("text_of", [text_of_html, text_of_pdf])


@FORMS
def test_receipt_shows_products_vat_and_payment(text_of: Callable[[ReceiptContent], str]) -> None:
    text = text_of(receipt())

    for expected in (
        "Kvitto",
        "Kafé Ån",
        "Lyktan Kafé AB",
        "Storgatan 1, 111 22 Umeå",
        "Organisationsnummer: 556677-8899",
        "Momsregistreringsnummer: SE556677889901",
        "17",
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
        "2012060410485453001000101",
    ):
        assert expected in text
    assert text.count("2012060410485453001000101") == 1


@FORMS
def test_credit_receipt_names_the_receipt_that_it_credits(
    text_of: Callable[[ReceiptContent], str],
) -> None:
    text = text_of(credit_receipt())

    for expected in (
        "Kreditkvitto",
        "18",
        "17, 2026-06-30 14:05",
        "1 × Kanelbulle -22,50 kr",
        "12 % -20,09 -2,41 -22,50",
        "Summa -22,50 kr",
        "Återbetalt med SEQR",
    ):
        assert expected in text.replace("\N{MINUS SIGN}", "-")


@FORMS
def test_options_and_notes_follow_their_product(text_of: Callable[[ReceiptContent], str]) -> None:
    text = text_of(
        with_rows(
            ReceiptRow("Latte", 2, D("45.00"), D("12.00"), D("90.00"), note="utan socker 🙂"),
            ReceiptRow("Havremjölk", 2, D("5.00"), D("12.00"), D("10.00"), is_option=True),
            ReceiptRow("Dricks", None, None, D("0.00"), D("10.00")),
        )
    )

    latte, milk, tip = (text.index(name) for name in ("2 × Latte", "2 × Havremjölk", "Dricks"))
    assert latte < text.index("utan socker") < milk < tip
    assert "1 × Dricks" not in text
    assert "0 % 10,00 0,00 10,00" in text


def test_only_an_option_is_shown_as_part_of_the_product_above_it() -> None:
    content = with_rows(
        ReceiptRow("Latte", 1, D("45.00"), D("12.00"), D("45.00")),
        ReceiptRow("Havremjölk", 1, D("5.00"), D("12.00"), D("5.00"), is_option=True),
        ReceiptRow("Dricks", None, None, D("0.00"), D("10.00")),
    )

    rows = re.findall(r"<tr ([^>]*)>", receipt_html(content))

    assert rows == ["", 'class="option"', 'class="unnumbered"']


def test_columns_of_the_vat_are_a_quarter_of_the_page_each() -> None:
    content = with_rows(ReceiptRow("Mugg", 1, D("50.00"), D("25.00"), D("50.00")))
    page = PdfReader(io.BytesIO(receipt_pdf(content))).pages[0]
    starts: list[float] = []

    def note_amounts(text: str, _cm: object, tm: list[float], *_font: object) -> None:
        if text.strip() in {"40,00", "10,00", "50,00"}:
            starts.append(tm[4])

    page.extract_text(visitor_text=note_amounts)

    quarter = (float(page.mediabox.width) - 2 * MARGIN_MM * 72 / 25.4) / 4
    between = [later - earlier for earlier, later in pairwise(starts)]
    assert between == pytest.approx([quarter, quarter], abs=0.5)


def test_pdf_of_a_refunded_payment_says_when_and_how_much() -> None:
    refund = RelatedReceipt(18, datetime(2026, 7, 1, 8, 0, tzinfo=UTC), D("22.50"))

    text = text_of_pdf(replace(receipt(), credits=(refund,)))

    assert "Återbetalt 2026-07-01 10:00: 22,50 kr, kreditkvitto 18" in text


@FORMS
def test_unknown_details_of_the_seller_are_left_out(
    text_of: Callable[[ReceiptContent], str],
) -> None:
    text = text_of(replace(receipt(), seller=SellerDetails("", "", "", "", "", "")))

    assert "Kafé Ån" in text
    assert "Organisationsnummer" not in text
    assert "Momsregistreringsnummer" not in text


@FORMS
def test_discount_is_shown_with_its_amount(text_of: Callable[[ReceiptContent], str]) -> None:
    text = text_of(discounted_receipt())

    assert "Stamkundsrabatt 10 % -4,50 kr" in text
    assert "1 × Stamkund" not in text
    assert "140,50 kr" in text
    assert "12 % 36,16 4,34 40,50" in text


@FORMS
def test_receipt_is_in_the_orders_language(text_of: Callable[[ReceiptContent], str]) -> None:
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
    "name",
    [
        "Räksmörgås på råg, à la crème",
        "Pączki z różą, żółć źdźbło",
        "Čevapčići, ďábelské tousty, gjuveç, ŗudzu maize, šaltibarščiai",
        "Ελληνικός καφές, τυρόπιτα, γλυκό",
        "Борщ, сирники, чебуреки, Ђувеч, крънчи",
        "İskender, ağız, Kəklik, șalău, Würstl ẞ",
        "Phở bò, bánh mì, cà phê sữa đá",
        "Café – “å la” €5 ₺7 №3",
        "**a** __b__ `c` <d> \\",
    ],
)
def test_pdf_has_every_letter_of_a_name_in_a_european_language(name: str) -> None:
    text = text_of_pdf(receipt(name=name))

    assert name in text
    assert "�" not in text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Tårta 🍰", "Tårta �"),
        ("寿司", "��"),
        ("Cafe\u0301 ﬁn", "Café fn"),
        ("Familj 👨‍👩‍👧", "Familj ���"),
        ("x" * 80, "x" * 20),
    ],
)
def test_pdf_says_which_characters_it_cannot_show(name: str, shown: str) -> None:
    text = text_of_pdf(receipt(name=name))

    assert shown in text
    assert ("� står för ett tecken" in text) == ("�" in shown)


def test_pdf_embeds_only_the_letters_that_it_uses() -> None:
    document = receipt_pdf(receipt())

    assert len(document) < 40_000
    fonts = PdfReader(io.BytesIO(document)).pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    names = {font.get_object()["/BaseFont"] for font in fonts.values()}
    assert len(names) == 2
    assert all("NotoSans" in name for name in names)


def test_pdf_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The library that embeds the font logs each of its letters."""
    receipt_pdf(receipt())

    assert caplog.records == []
    assert not logging.getLogger("fontTools.subset").isEnabledFor(logging.INFO)


def test_font_files_are_small_and_have_their_licence_beside_them() -> None:
    sizes = [path.stat().st_size for path in FONT_FILES.values()]

    assert sum(sizes) < 140_000
    for path in FONT_FILES.values():
        assert "SIL OPEN FONT LICENSE" in path.with_name("OFL.txt").read_text()


def test_pdf_has_title_language_and_author() -> None:
    reader = PdfReader(io.BytesIO(receipt_pdf(receipt())))

    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == (
        "Kvitto 17 för beställning 1005",
        "Lyktan Kafé AB",
    )
    assert str(reader.root_object["/Lang"]) == "sv"


def test_long_receipt_continues_on_next_page() -> None:
    rows = tuple(
        ReceiptRow(f"Kanelbulle {n}", 1, D("45.00"), D("12.00"), D("45.00")) for n in range(100)
    )
    long = with_rows(*rows)

    text = text_of_pdf(long)

    assert len(PdfReader(io.BytesIO(receipt_pdf(long))).pages) > 2
    assert "1 × Kanelbulle 0" in text
    assert "1 × Kanelbulle 99" in text
    assert "4 500,00 kr" in text
