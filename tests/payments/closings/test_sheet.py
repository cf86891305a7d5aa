"""What a closing says: its verdict, its parts, its signatures, and its PDF."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils.translation import override
from pypdf import PdfReader

from orders.models import Seller, Shop
from payments.closings.figures import DayFigures, NumberRange, ReportComparison
from payments.closings.pdf import closing_pdf
from payments.closings.sheet import Part, parts_of, signatures_of
from payments.closings.verdict import Outcome, Verdict, verdict_of
from payments.models import DayClosing
from payments.receipts.content import VatLine
from payments.takings.days import DayTakings
from tests.payments.closings.steps import DAY
from tests.payments.pdf_texts import pages_of, placed_texts

D = Decimal
NOW = datetime(2026, 11, 12, 11, tzinfo=UTC)
SHOP = Shop(name="Lyktan", seller=Seller(legal_name="Lyktan AB", organisation_number="556677-8899"))
NUMBERS = NumberRange("Old AB", "556677-1122", first=1, last=9, receipts=6, others=3)
TAKINGS = DayTakings(
    shop_id=1,
    day=DAY,
    currency="SEK",
    sales=(VatLine(D(12), D(100), D(12), D(112)),),
    refunds=(),
    reversals=(),
    tips=D(0),
    tips_refunded=D(0),
    discounts=D(0),
    payments=6,
    credits=0,
    first_number=1,
    last_number=9,
)
CREDITED = replace(
    TAKINGS,
    sales=(VatLine(D(25), D(80), D(20), D(100)), VatLine(D(12), D(100), D(12), D(112))),
    refunds=(VatLine(D(12), D(-10), D("-1.20"), D("-11.20")),),
    reversals=(VatLine(D(25), D(-8), D(-2), D(-10)),),
    tips=D(15),
    tips_refunded=D(-5),
    discounts=D("-3.50"),
    credits=2,
)
REPORT = ReportComparison(is_complete=True, matched=6, reported=(("SEK", D(112)),))
FIGURES = DayFigures(
    shop_id=1,
    day=DAY,
    is_over=True,
    takings=(TAKINGS,),
    receipts=(("SEK", D(112)),),
    numbers=(NUMBERS,),
    reversals=0,
    report=REPORT,
    open_cases=(),
)


def signed_by(name: str, hour: int) -> DayClosing:
    return DayClosing(
        signed_by=User(username=name), signed_at=datetime(2026, 11, 11, hour, tzinfo=UTC)
    )


def reopened_by(name: str, hour: int, closing: DayClosing) -> DayClosing:
    closing.reopened_by = User(username=name)
    closing.reopened_at = datetime(2026, 11, 11, hour, 30, tzinfo=UTC)
    closing.reopening_reason = "a late receipt"
    return closing


@pytest.mark.parametrize(
    ("figures", "verdict"),
    [
        (FIGURES, Verdict(Outcome.AGREES, "Everything agrees.")),
        (
            replace(FIGURES, takings=(), receipts=()),
            Verdict(Outcome.AGREES, "Nothing was sold, and SEQR's report has nothing either."),
        ),
        (replace(FIGURES, is_over=False), Verdict(Outcome.WAITS, "The day is not over.")),
        (
            replace(FIGURES, report=replace(REPORT, is_complete=False)),
            Verdict(Outcome.WAITS, "SEQR's report has not arrived."),
        ),
        (
            replace(
                FIGURES,
                is_over=False,
                receipts=(("SEK", D(111)),),
                numbers=(replace(NUMBERS, others=2), replace(NUMBERS, others=1)),
                report=replace(REPORT, missing_there=2, missing_here=2, different=2),
                open_cases=(7, 8),
            ),
            Verdict(
                Outcome.DIFFERS,
                "The receipts add up to another sum. 2 transactions are missing in SEQR's report. "
                "2 rows of SEQR's report are missing here. 2 transactions differ from SEQR's "
                "report. 3 receipt numbers are missing. 2 payment cases are open. The day is not "
                "over.",
            ),
        ),
        (
            replace(
                FIGURES,
                numbers=(replace(NUMBERS, others=2),),
                report=replace(REPORT, missing_there=1, missing_here=1, different=1),
                open_cases=(7,),
            ),
            Verdict(
                Outcome.DIFFERS,
                "1 transaction is missing in SEQR's report. 1 row of SEQR's report is missing "
                "here. 1 transaction differs from SEQR's report. 1 receipt number is missing. 1 "
                "payment case is open.",
            ),
        ),
    ],
)
def test_verdict_names_differences_first_and_then_what_is_awaited(
    figures: DayFigures, verdict: Verdict
) -> None:
    assert verdict_of(figures) == verdict


def test_parts_of_a_day_that_agrees() -> None:
    assert parts_of(FIGURES) == [
        Part(
            "Goods by VAT rate, in SEK",
            (("Sales, 12\N{NO-BREAK SPACE}%", "100.00", "12.00", "112.00"),),
            head=("VAT rate", "Net", "VAT", "Gross"),
        ),
        Part(
            "What SEQR owes, in SEK",
            (("Goods, with VAT", "112.00"),),
            head=(),
            total=("Total", "112.00"),
        ),
        Part(
            "Receipts",
            (("Receipts of payments", "6"), ("Credit receipts", "0")),
            remarks=(
                "Numbers 1 to 9 in the seller's series: 6 of this shop and day. 3 belong to other "
                "shops or days. No number is missing.",
            ),
        ),
        Part(
            "Compared with SEQR's report",
            (
                ("Matched", "6"),
                ("Different", "0"),
                ("Missing in SEQR's report", "0"),
                ("Missing here", "0"),
                ("Sum in SEQR's report, in SEK", "112.00"),
            ),
            head=(),
            total=(),
        ),
    ]


@pytest.mark.parametrize(
    "takings", [replace(CREDITED, refunds=()), replace(CREDITED, reversals=())]
)
def test_goods_that_are_left_are_shown_after_refunds_or_reversals(
    takings: DayTakings,
) -> None:
    goods, *_ = parts_of(replace(FIGURES, takings=(takings,)))

    names = [name.partition(",")[0] for name, *_ in goods.rows]
    assert names[-2:] == ["Left", "Left"]


def test_day_without_receipts_has_no_part_about_their_numbers() -> None:
    assert [part.title for part in parts_of(replace(FIGURES, takings=(), numbers=()))] == [
        "Compared with SEQR's report"
    ]


def test_parts_of_a_day_with_credits_tips_discounts_and_differences() -> None:
    figures = replace(
        FIGURES,
        takings=(CREDITED, replace(TAKINGS, currency="EUR", sales=())),
        numbers=(
            replace(NUMBERS, last=9, receipts=7, others=1),
            replace(NUMBERS, first=5, last=7, receipts=1, others=0),
            replace(NUMBERS, first=4, last=4, receipts=1, others=0),
        ),
        reversals=1,
        report=replace(
            REPORT, different=1, missing_there=2, missing_here=3, awaited=4, unlisted=5, reported=()
        ),
    )

    assert parts_of(figures) == [
        Part(
            "Goods by VAT rate, in SEK",
            (
                ("Sales, 25\N{NO-BREAK SPACE}%", "80.00", "20.00", "100.00"),
                ("Sales, 12\N{NO-BREAK SPACE}%", "100.00", "12.00", "112.00"),
                ("Refunds, 12\N{NO-BREAK SPACE}%", "-10.00", "-1.20", "-11.20"),
                ("Reversals, 25\N{NO-BREAK SPACE}%", "-8.00", "-2.00", "-10.00"),
                ("Left, 25\N{NO-BREAK SPACE}%", "72.00", "18.00", "90.00"),
                ("Left, 12\N{NO-BREAK SPACE}%", "90.00", "10.80", "100.80"),
            ),
            head=("VAT rate", "Net", "VAT", "Gross"),
        ),
        Part(
            "What SEQR owes, in SEK",
            (("Goods, with VAT", "190.80"), ("Tips", "15.00"), ("Tips refunded", "-5.00")),
            total=("Total", "200.80"),
            remarks=("Discounts of 3.50 are taken off what was sold.",),
        ),
        Part("What SEQR owes, in EUR", (), total=("Total", "0.00")),
        Part(
            "Receipts",
            (
                ("Receipts of payments", "12"),
                ("Credit receipts", "2"),
                ("Of these, payments that SEQR reversed", "1"),
            ),
            remarks=(
                "Numbers 1 to 9 in the seller's series: 7 of this shop and day. 1 belongs to "
                "another shop or day. 1 is missing!",
                "Numbers 5 to 7 in the seller's series: 1 of this shop and day. 2 are missing!",
                "Number 4 in the seller's series.",
            ),
        ),
        Part(
            "Compared with SEQR's report",
            (
                ("Matched", "6"),
                ("Different", "1"),
                ("Missing in SEQR's report", "2"),
                ("Missing here", "3"),
                ("Awaiting SEQR's report", "4"),
                ("Refunds that SEQR's report does not list", "5"),
            ),
            remarks=(
                "A report does not say of which shop or time such a row is, only of which "
                "terminal.",
            ),
        ),
    ]


def test_each_signature_and_each_reopening_has_a_sentence() -> None:
    closings = [reopened_by("boss", 9, signed_by("clerk", 8)), signed_by("clerk", 10)]

    assert signatures_of(closings) == [
        "Signed off by clerk, 2026-11-11 09:00.",
        "Re-opened by boss, 2026-11-11 10:30: a late receipt",
        "Signed off by clerk, 2026-11-11 11:00.",
    ]


def test_pdf_has_each_text_at_its_place() -> None:
    figures = replace(FIGURES, takings=(replace(TAKINGS, discounts=D(-1)),))

    assert placed_texts(closing_pdf(SHOP, figures, [signed_by("clerk", 8)], NOW)) == [
        "43 782 20 bold Day closing 2026-11-10",
        "43 762 12 bold Lyktan",
        "43 746 10      Old AB, Organisation number: 556677-1122",
        "43 714 12 bold Everything agrees.",
        "43 682 11 bold Goods by VAT rate, in SEK",
        "43 664 10 bold VAT rate",
        "362 664 10 bold Net",
        "448 664 10 bold VAT",
        "525 664 10 bold Gross",
        "43 644 10      Sales, 12 %",
        "350 644 10      100.00",
        "441 644 10      12.00",
        "521 644 10      112.00",
        "43 611 11 bold What SEQR owes, in SEK",
        "43 593 10      Goods, with VAT",
        "521 593 10      112.00",
        "43 573 10 bold Total",
        "521 573 10 bold 112.00",
        "43 548 10      Discounts of 1.00 are taken off what was sold.",
        "43 525 11 bold Receipts",
        "43 507 10      Receipts of payments",
        "547 507 10      6",
        "43 487 10      Credit receipts",
        "547 487 10      0",
        "43 462 10      Numbers 1 to 9 in the seller's series: 6 of this shop and day. 3 belong "
        "to other shops or days. No number is",
        "43 447 10      missing.",
        "43 424 11 bold Compared with SEQR's report",
        "43 406 10      Matched",
        "547 406 10      6",
        "43 386 10      Different",
        "547 386 10      0",
        "43 366 10      Missing in SEQR's report",
        "547 366 10      0",
        "43 346 10      Missing here",
        "547 346 10      0",
        "43 326 10      Sum in SEQR's report, in SEK",
        "521 326 10      112.00",
        "43 292 11 bold Signed off",
        "43 277 10      Signed off by clerk, 2026-11-11 09:00.",
    ]


def test_signatures_stay_on_one_page_with_their_heading() -> None:
    def page_of_heading(signatures: int) -> int:
        closings = [signed_by("clerk", 8) for _ in range(signatures)]
        pages = pages_of(closing_pdf(SHOP, FIGURES, closings, NOW))
        return next(number for number, page in enumerate(pages, start=1) if "Signed off" in page)

    assert page_of_heading(15) == 1
    assert page_of_heading(16) == 2


def test_pdf_of_a_day_that_is_not_signed_says_when_its_figures_were_read() -> None:
    reopened = [reopened_by("boss", 9, signed_by("clerk", 8))]
    figures = replace(FIGURES, takings=(replace(TAKINGS, sales=()),), numbers=())

    document = closing_pdf(SHOP, figures, reopened, NOW)

    (lines,) = pages_of(document)
    assert {text.split()[2] for text in placed_texts(document)[-3:]} == {"10"}

    assert lines[:3] == [
        "Day closing 2026-11-10",
        "Lyktan",
        "Lyktan AB, Organisation number: 556677-8899",
    ]
    assert lines[-4:] == [
        "Signed off",
        "Signed off by clerk, 2026-11-11 09:00.",
        "Re-opened by boss, 2026-11-11 10:30: a late receipt",
        "Not signed off. These are the figures of 2026-11-12 12:00.",
    ]


@pytest.mark.parametrize(
    ("closings", "created_at"),
    [([], NOW), ([signed_by("clerk", 8)], datetime(2026, 11, 11, 8, tzinfo=UTC))],
)
def test_pdf_has_title_author_language_and_the_time_of_its_signature(
    closings: list[DayClosing], created_at: datetime
) -> None:
    document = PdfReader(io.BytesIO(closing_pdf(SHOP, FIGURES, closings, NOW)))

    box = document.pages[0].mediabox
    assert (round(box.width), round(box.height)) == (595, 842)
    assert document.metadata is not None
    assert document.metadata.title == "Day closing 2026-11-10, Lyktan"
    assert document.metadata.author == "Lyktan AB"
    assert document.metadata.creation_date == created_at
    assert document.trailer["/Root"]["/Lang"] == "en"  # type: ignore[index]


def test_pdf_is_in_the_readers_language() -> None:
    with override("sv"):
        document = PdfReader(io.BytesIO(closing_pdf(SHOP, FIGURES, [], NOW)))

    assert document.trailer["/Root"]["/Lang"] == "sv"  # type: ignore[index]
