"""An independent reader of SIE 4 files of type 4I, which holds them to the format's own rules.

Written from the description of the format (SIE filformat, edition 4B), and sharing no code with
what writes the files. It raises SieError at the first broken rule.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise

# The records that a file of type 4I may have, in the format's sequence of parts, with the least
# and the greatest number of their fields.
IDENTIFICATION = {
    "#FLAGGA": (1, 1),
    "#PROGRAM": (2, 2),
    "#FORMAT": (1, 1),
    "#GEN": (1, 2),
    "#SIETYP": (1, 1),
    "#PROSA": (1, 1),
    "#FNR": (1, 1),
    "#ORGNR": (1, 3),
    "#ADRESS": (4, 4),
    "#FNAMN": (1, 1),
    "#RAR": (3, 3),
    "#KPTYP": (1, 1),
    "#VALUTA": (1, 1),
}
PLAN = {"#KONTO": (2, 2), "#KTYP": (2, 2), "#ENHET": (2, 2)}
REQUIRED = ("#FLAGGA", "#PROGRAM", "#FORMAT", "#GEN", "#SIETYP", "#FNAMN")
ONCE = set(IDENTIFICATION) - {"#RAR"}


class SieError(Exception):
    """The file breaks a rule of the format. `line` is counted from 1."""

    def __init__(self, line: int, rule: str) -> None:
        super().__init__(f"line {line}: {rule}")


@dataclass
class ReadTransaction:
    """A line of a voucher: debit above 0, credit below 0."""

    account: str
    amount: Decimal
    text: str


@dataclass
class ReadVoucher:
    """A voucher with its lines."""

    series: str
    number: str
    day: date
    text: str
    transactions: list[ReadTransaction] = field(default_factory=list)


@dataclass
class ReadFile:
    """What a file says."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    years: dict[int, tuple[date, date]] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    vouchers: list[ReadVoucher] = field(default_factory=list)

    def balance_of(self, account: str) -> Decimal:
        """Return the sum of an account's lines."""
        lines = (line for voucher in self.vouchers for line in voucher.transactions)
        return sum((line.amount for line in lines if line.account == account), Decimal(0))


def read_sie(content: bytes) -> ReadFile:
    """Read a file, or raise SieError."""
    file = ReadFile()
    voucher: ReadVoucher | None = None
    is_open = False
    part = 0
    for number, text in _lines(content):
        fields = _fields(number, text)
        label = fields[0]
        if label == "{":
            _require(voucher is not None and not is_open, number, "a { follows its #VER")
            _require(len(fields) == 1, number, "a { stands alone")
            is_open = True
        elif label == "}":
            assert voucher is not None or not is_open
            _require(is_open, number, "a } ends the lines of a #VER")
            assert voucher is not None
            total = sum((line.amount for line in voucher.transactions), Decimal(0))
            _require(total == 0, number, f"a voucher balances, and this one has {total}")
            _require(bool(voucher.transactions), number, "a voucher has lines")
            voucher, is_open = None, False
        elif label == "#TRANS":
            _require(is_open and voucher is not None, number, "a #TRANS is within a #VER")
            assert voucher is not None
            voucher.transactions.append(_transaction(number, fields, file, voucher))
        elif label == "#VER":
            _require(voucher is None, number, "a #VER ends before the next")
            part = 2
            voucher = _voucher(number, fields, file)
            file.vouchers.append(voucher)
        else:
            _require(voucher is None, number, f"{label} is not within a #VER")
            part = _identify(number, fields, file, part)
    _require(voucher is None, 0, "the last voucher ends")
    for label in REQUIRED:
        _require(label in file.fields, 0, f"type 4I needs {label}")
    _check_years(file)
    return file


def _lines(content: bytes) -> list[tuple[int, str]]:
    _require(not content.startswith(b"\xef\xbb\xbf"), 1, "a file has no byte order mark")
    _require(content.endswith(b"\n"), 0, "the last line ends")
    text = content.decode("cp437")
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.removesuffix("\r")
        for character in bare:
            is_control = character < " " or character == "\x7f"
            _require(not is_control or character == "\t", number, "no control characters")
        if bare.strip(" \t"):
            found.append((number, bare))
    _require(bool(found), 0, "a file has lines")
    first = found[0][1]
    _require(first.startswith("#FLAGGA"), 1, "#FLAGGA is the first record")
    return found


def _fields(number: int, text: str) -> list[str]:
    """Divide a line into its fields; an object list is one field, with its braces."""
    fields: list[str] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character in " \t":
            position += 1
        elif character == '"':
            value, position = _quoted(number, text, position + 1)
            fields.append(value)
        elif character == "{" and fields:
            end = text.find("}", position)
            _require(end > 0, number, "an object list ends")
            fields.append(text[position : end + 1])
            position = end + 1
        else:
            match = re.compile(r'[^ \t"]+').match(text, position)
            assert match is not None
            fields.append(match[0])
            position = match.end()
            is_separated = position == len(text) or text[position] in " \t"
            _require(is_separated, number, "fields are separated by spaces")
    _require(fields[0] in "{}" or fields[0].startswith("#"), number, "a record has a label")
    return fields


def _quoted(number: int, text: str, position: int) -> tuple[str, int]:
    value = ""
    while True:
        _require(position < len(text), number, "a quotation ends")
        if text[position] == '"':
            break
        if text[position] == "\\" and text[position + 1 : position + 2] == '"':
            position += 1
        value += text[position]
        position += 1
    after = text[position + 1 : position + 2]
    _require(after in {"", " ", "\t"}, number, "a space follows a quotation")
    return value, position + 1


def _identify(number: int, fields: list[str], file: ReadFile, part: int) -> int:
    """Read a record of the identification or of the plan; return the part of the file."""
    label, *values = fields
    at = 0 if label in IDENTIFICATION else 1
    known = IDENTIFICATION if at == 0 else PLAN
    _require(label in known, number, f"type 4I has no {label}")
    _require(at >= part, number, f"{label} comes before what precedes it")
    least, most = known[label]
    _require(least <= len(values) <= most, number, f"{label} has {least} to {most} fields")
    if label in ONCE:
        _require(label not in file.fields, number, f"{label} occurs once")
    _check_value(number, label, values)
    if label == "#RAR":
        _require(re.fullmatch(r"0|-\d+", values[0]) is not None, number, "years are 0, -1 …")
        _require(int(values[0]) not in file.years, number, "a year occurs once")
        file.years[int(values[0])] = (_date(number, values[1]), _date(number, values[2]))
    elif label == "#KONTO":
        _require(values[0].isdigit(), number, "an account is a number")
        _require(values[0] not in file.accounts, number, "an account is declared once")
        file.accounts[values[0]] = values[1]
    else:
        file.fields[label] = values
    return at


def _check_value(number: int, label: str, values: list[str]) -> None:
    expected = {
        "#FLAGGA": "0",  # 1 once it has been imported
        "#FORMAT": "PC8",
        "#SIETYP": "4",
    }
    if label in expected:
        _require(values == [expected[label]], number, f"{label} is {expected[label]}")
    if label == "#GEN":
        _date(number, values[0])
    if label == "#ORGNR":
        _require(re.fullmatch(r"\d{6}-\d{4}", values[0]) is not None, number, "#ORGNR has a hyphen")
    if label == "#VALUTA":
        _require(re.fullmatch(r"[A-Z]{3}", values[0]) is not None, number, "#VALUTA is ISO 4217")
    if label in {"#FNAMN", "#PROGRAM"}:
        _require(bool(values[0].strip()), number, f"{label} is not empty")


def _voucher(number: int, fields: list[str], file: ReadFile) -> ReadVoucher:
    _require(5 <= len(fields) <= 7, number, "#VER has series, number, date and text")
    _label, series, voucher_number, day, text = fields[:5]
    _require(not voucher_number or voucher_number.isdigit(), number, "a voucher number is a number")
    return ReadVoucher(series, voucher_number, _day_of_year(number, day, file), text)


def _transaction(
    number: int, fields: list[str], file: ReadFile, voucher: ReadVoucher
) -> ReadTransaction:
    _require(4 <= len(fields) <= 8, number, "#TRANS has account, objects and amount")
    account, objects, amount = fields[1:4]
    _require(account in file.accounts, number, f"account {account} is declared")
    is_list = re.fullmatch(r'\{(\d+ "[^"]*" ?)*\}', objects) is not None
    _require(is_list, number, "an object list is in braces")
    is_amount = re.fullmatch(r"-?\d+(\.\d{1,2})?", amount) is not None
    _require(is_amount, number, "an amount has a point and two decimals at most")
    if len(fields) > 4 and fields[4]:
        _require(
            _day_of_year(number, fields[4], file) == voucher.day, number, "the voucher's own day"
        )
    return ReadTransaction(account, Decimal(amount), fields[5] if len(fields) > 5 else "")


def _day_of_year(number: int, text: str, file: ReadFile) -> date:
    day = _date(number, text)
    if file.years:
        is_within = any(first <= day <= last for first, last in file.years.values())
        _require(is_within, number, f"{day} is in a financial year of the file")
    return day


def _date(number: int, text: str) -> date:
    _require(re.fullmatch(r"\d{8}", text) is not None, number, "a date is YYYYMMDD")
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise SieError(number, f"{text} is a day") from None


def _check_years(file: ReadFile) -> None:
    years = sorted(file.years.items(), reverse=True)
    _require([number for number, _ in years] == [-n for n in range(len(years))], 0, "years 0, -1 …")
    for _number, (first, last) in years:
        _require(first < last and (last - first).days < 550, 0, "a year ends after it begins")
    for (_later, (start, _)), (_earlier, (_first, end)) in pairwise(years):
        _require((start - end).days == 1, 0, "a year begins where the one before ends")


def _require(holds: bool, line: int, rule: str) -> None:
    if not holds:
        raise SieError(line, rule)
