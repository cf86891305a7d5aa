"""A SIE file holds to the format's own rules, by a reader that was written apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from payments.exports.sie.file import (
    Account,
    Entry,
    FinancialYear,
    SieFile,
    Voucher,
    financial_years,
    pc8,
)
from tests.sie_reader import SieError, read_sie

YEAR = FinancialYear(date(2026, 1, 1), date(2026, 12, 31))
DAY = date(2026, 11, 29)
SEQR, SALES, VAT = Account("1580", "SEQR"), Account("3002", "12 %"), Account("2621", "Moms")
SALE = (
    Entry(SEQR, Decimal("112.00"), "Betalningar"),
    Entry(SALES, Decimal("-100.00"), "Försäljning"),
    Entry(VAT, Decimal("-12.00"), "Moms"),
)


def sie_file(*vouchers: Voucher, company: str = "Lyktan Kafé AB") -> SieFile:
    """Return a file of vouchers of 2026."""
    return SieFile(
        program="seqrshop",
        version="1.0",
        generated=DAY,
        organisation_number="556677-8899",
        company=company,
        currency="SEK",
        years=(YEAR,),
        series="S",
        vouchers=vouchers,
    )


def content(text: str = "Dagen", entries: tuple[Entry, ...] = SALE) -> bytes:
    """Return the content of a file with one voucher."""
    return sie_file(Voucher(DAY, text, entries)).content()


def test_file_says_who_sold_what_and_when() -> None:
    read = read_sie(content("Kassa åäö"))

    (voucher,) = read.vouchers
    assert read.fields["#FNAMN"] == ["Lyktan Kafé AB"]
    assert read.fields["#ORGNR"] == ["556677-8899"]
    assert read.fields["#VALUTA"] == ["SEK"]
    assert read.accounts == {"1580": "SEQR", "2621": "Moms", "3002": "12 %"}
    assert (voucher.series, voucher.number, voucher.day) == ("S", "", DAY)
    assert voucher.text == "Kassa åäö"
    assert [(line.account, line.amount) for line in voucher.transactions] == [
        ("1580", Decimal("112.00")),
        ("3002", Decimal("-100.00")),
        ("2621", Decimal("-12.00")),
    ]


def test_file_has_each_record_on_a_line_of_its_own() -> None:
    file = replace(
        sie_file(Voucher(DAY, "Dagen", SALE)),
        years=(YEAR, FinancialYear(date(2025, 1, 1), date(2025, 12, 31))),
    )

    assert file.content().decode("cp437").split("\r\n") == [
        "#FLAGGA 0",
        '#PROGRAM "seqrshop" "1.0"',
        "#FORMAT PC8",
        "#GEN 20261129",
        "#SIETYP 4",
        "#ORGNR 556677-8899",
        '#FNAMN "Lyktan Kafé AB"',
        "#RAR 0 20260101 20261231",
        "#RAR -1 20250101 20251231",
        "#VALUTA SEK",
        '#KONTO 1580 "SEQR"',
        '#KONTO 2621 "Moms"',
        '#KONTO 3002 "12 %"',
        '#VER "S" "" 20261129 "Dagen"',
        "{",
        '#TRANS 1580 {} 112.00 20261129 "Betalningar"',
        '#TRANS 3002 {} -100.00 20261129 "Försäljning"',
        '#TRANS 2621 {} -12.00 20261129 "Moms"',
        "}",
        "",
    ]


def test_company_without_an_organisation_number_has_no_record_of_it() -> None:
    file = replace(sie_file(), organisation_number="")

    assert b"#ORGNR" not in file.content()


def test_account_has_the_first_of_its_names() -> None:
    entries = (*SALE, Entry(Account("1580", "Later"), Decimal(0), ""))

    assert read_sie(content(entries=entries)).accounts["1580"] == "SEQR"


def test_swedish_letters_are_in_code_page_437() -> None:
    assert b"Sm\x86 b\x94nor \x84r goda" in content("Små bönor är goda")


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_read_as_one_field(text: str, company: str) -> None:
    assume(pc8(company).strip())

    read = read_sie(sie_file(Voucher(DAY, text, SALE), company=company).content())

    assert read.fields["#FNAMN"] == [pc8(company)]
    assert read.vouchers[0].text == pc8(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('5" bulle', '5" bulle'),
        ("a\\", "a/"),
        ("Łódź", "?ódz"),
        ("Smørrebrød – 5 €", "Smorrebrod - 5 EUR"),
        ("\u2013\u2014\u2010\u2011\u2212", "-----"),
        ("\u2019\u2018\u201c\u201d\u2026", "''\"\"..."),
        ("øØß", "oOss"),
        ("e\N{COMBINING ACUTE ACCENT}", "é"),
        ("a\x1fb\x7fc d", "a b c d"),
        ("rad\r\nrad\x00", "rad  rad "),
        ("日本", "??"),
        ("{#VER}", "{#VER}"),
    ],
)
def test_text_is_put_in_the_characters_that_the_format_has(text: str, written: str) -> None:
    assert read_sie(content(text)).vouchers[0].text == written


def test_voucher_that_does_not_balance_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^The voucher 'Dagen' of 2026-11-29 does not balance\.$"):
        Voucher(DAY, "Dagen", SALE[:2])


@pytest.mark.parametrize(
    ("first", "last", "month", "expected"),
    [
        (date(2026, 1, 1), date(2026, 12, 31), 1, [(date(2026, 1, 1), date(2026, 12, 31))]),
        (date(2026, 4, 30), date(2026, 4, 30), 5, [(date(2025, 5, 1), date(2026, 4, 30))]),
        (
            date(2025, 12, 29),
            date(2026, 1, 4),
            1,
            [(date(2026, 1, 1), date(2026, 12, 31)), (date(2025, 1, 1), date(2025, 12, 31))],
        ),
        (date(2024, 2, 29), date(2024, 2, 29), 3, [(date(2023, 3, 1), date(2024, 2, 29))]),
    ],
)
def test_financial_years_are_those_of_the_period(
    first: date, last: date, month: int, expected: list[tuple[date, date]]
) -> None:
    years = financial_years(first, last, month)

    assert [(year.first, year.last) for year in years] == expected


GOOD = content()


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b"#FLAGGA 0\r\n", b"", "#FLAGGA is the first"),
        (b"#FORMAT PC8\r\n", b"", "needs #FORMAT"),
        (b"#FORMAT PC8", b"#FORMAT UTF8", "#FORMAT is PC8"),
        (b"#SIETYP 4", b"#SIETYP 1", "#SIETYP is 4"),
        (b"#GEN 20261129", b"#GEN 2026-11-29", "YYYYMMDD"),
        (b"-12.00", b"-12,00", "an amount"),
        (b"-12.00", b"-12.01", "balances"),
        (b'20261129 "Dagen"', b'20251129 "Dagen"', "financial year"),
        (b'20261129 "Dagen"', b'20261131 "Dagen"', "is a day"),
        (b'#KONTO 3002 "12 %"\r\n', b"", "3002 is declared"),
        (b'"Dagen"', b'"Dagen', "a quotation ends"),
        (b'"Dagen"', b'"Da\x01gen"', "control characters"),
        (b"{}", b"{1}", "object list"),
        (b"\r\n}", b"", "the last voucher ends"),
        (b"#VALUTA", b"#UB 0 1580 1\r\n#VALUTA", "no #UB"),
        (b"556677-8899", b"5566778899", "hyphen"),
    ],
)
def test_reader_refuses_what_the_format_forbids(old: bytes, new: bytes, rule: str) -> None:
    assert old in GOOD
    spoiled = GOOD.replace(old, new, 1)

    with pytest.raises(SieError, match=rule):
        read_sie(spoiled)


def test_years_that_are_not_adjacent_are_refused() -> None:
    apart = replace(
        sie_file(Voucher(DAY, "Dagen", SALE)),
        years=(YEAR, FinancialYear(date(2024, 1, 1), date(2024, 12, 31))),
    )

    with pytest.raises(SieError, match="a year begins"):
        read_sie(apart.content())
