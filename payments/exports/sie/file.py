"""Writes a SIE 4 file of type 4I, without database access.

Source: SIE filformat, edition 4B, of Föreningen SIE-Gruppen: records of one line, in code page 437,
whose fields are separated by spaces. Of the identification, 4I demands #FLAGGA, #PROGRAM, #FORMAT,
#GEN, #SIETYP and #FNAMN; balances are not allowed.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

ENCODING = "cp437"
FILE_EXTENSION = "si"
_END = "\r\n"
# What code page 437 has no character for, and Unicode no decomposition.
_REPLACEMENTS = {
    "–": "-",
    "—": "-",
    "‐": "-",
    "‑": "-",
    "−": "-",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "…": "...",
    "€": "EUR",
    "ø": "o",
    "Ø": "O",
    "ß": "ss",
    "\\": "/",  # the format escapes quotation marks with it, and not itself
}


@dataclass(frozen=True)
class Account:
    """An account of the plan: four digits, and its name."""

    number: str
    name: str


@dataclass(frozen=True)
class Entry:
    """A line of a voucher. `amount` is in major units: debit above 0, credit below 0."""

    account: Account
    amount: Decimal
    text: str


@dataclass(frozen=True)
class Voucher:
    """What is booked on one day. Raises ValueError unless debit and credit are equal."""

    day: date
    text: str
    entries: tuple[Entry, ...]

    def __post_init__(self) -> None:
        if sum((entry.amount for entry in self.entries), Decimal(0)):
            raise ValueError(f"The voucher {self.text!r} of {self.day} does not balance.")


@dataclass(frozen=True)
class FinancialYear:
    """A financial year, its first and its last day."""

    first: date
    last: date


@dataclass(frozen=True)
class SieFile:
    """What a file says. `years` begins with the current financial year, then the one before.

    `series` is empty if the importing program shall choose it; that program numbers the vouchers.
    """

    program: str
    version: str
    generated: date
    organisation_number: str
    company: str
    currency: str
    years: tuple[FinancialYear, ...]
    series: str
    vouchers: tuple[Voucher, ...]

    def content(self) -> bytes:
        """Return the file's content."""
        return "".join(f"{line}{_END}" for line in self._lines()).encode(ENCODING)

    def _lines(self) -> Iterator[str]:
        yield "#FLAGGA 0"
        yield _record("#PROGRAM", self.program, self.version)
        yield "#FORMAT PC8"
        yield f"#GEN {_date(self.generated)}"
        yield "#SIETYP 4"
        if self.organisation_number:
            yield _record("#ORGNR", self.organisation_number)
        yield _record("#FNAMN", self.company)
        for number, year in enumerate(self.years):
            yield f"#RAR {-number} {_date(year.first)} {_date(year.last)}"
        yield f"#VALUTA {self.currency}"
        for account in _accounts(self.vouchers):
            yield _record("#KONTO", account.number, account.name)
        for voucher in self.vouchers:
            yield _record("#VER", self.series, "", _date(voucher.day), voucher.text)
            yield "{"
            for entry in voucher.entries:
                day, text = _date(voucher.day), _field(entry.text)
                yield f"#TRANS {entry.account.number} {{}} {entry.amount:.2f} {day} {text}"
            yield "}"


def financial_years(first: date, last: date, first_month: int) -> tuple[FinancialYear, ...]:
    """Return the financial years of a period, the latest first."""
    years = []
    start = _start_of_year(last, first_month)
    while True:
        end = date(start.year + 1, start.month, 1) - date.resolution
        years.append(FinancialYear(start, end))
        if start <= first:
            return tuple(years)
        start = date(start.year - 1, start.month, 1)


def pc8(text: str) -> str:
    """Return a text in the characters of code page 437 alone, without control characters."""
    return "".join(map(_pc8, unicodedata.normalize("NFC", text)))


def _pc8(character: str) -> str:
    if character in _REPLACEMENTS:
        return _REPLACEMENTS[character]
    if character < " " or character == "\x7f":
        return " "
    for candidate in (character, unicodedata.normalize("NFKD", character)[0]):
        try:
            candidate.encode(ENCODING)
        except UnicodeEncodeError:
            continue
        return candidate
    return "?"


def _accounts(vouchers: Iterable[Voucher]) -> list[Account]:
    """Return the accounts of the vouchers, each once, under the first of its names."""
    names: dict[str, str] = {}
    for voucher in vouchers:
        for entry in voucher.entries:
            names.setdefault(entry.account.number, entry.account.name)
    return [Account(number, names[number]) for number in sorted(names)]


def _record(label: str, *fields: str) -> str:
    return " ".join((label, *map(_field, fields)))


def _field(text: str) -> str:
    """Return a field: a number or a date as it is, all else in quotation marks."""
    if re.fullmatch(r"[0-9]+(-[0-9]+)?", text, re.ASCII):
        return text
    return '"' + pc8(text).replace('"', '\\"') + '"'


def _date(day: date) -> str:
    return f"{day:%Y%m%d}"


def _start_of_year(day: date, first_month: int) -> date:
    year = day.year if day.month >= first_month else day.year - 1
    return date(year, first_month, 1)
