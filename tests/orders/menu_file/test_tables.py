"""Files are read and written: encodings, limits, formulas, and what is not a menu."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal

import pytest
from django.utils import translation
from openpyxl import Workbook, load_workbook

from orders.menu_file import table
from orders.menu_file.columns import COLUMNS, columns_by_heading
from orders.menu_file.table import UnreadableFile, read_table, write_csv, write_excel

SEMLA = "namn på svenska;namn på engelska;pris inklusive moms\nSemla;Cream bun;45,00\n"
CELLS = {"name_sv": "Semla", "name_en": "Cream bun", "price": "45,00"}
FORMULAS = ['=cmd|"/c calc"!A1', "+1", "-1", "@SUM(A1)", "'=1", "''", "it's", "'t Hof"]


def workbook(*rows: list[object], percent: bool = False) -> bytes:
    """Return an Excel file with these rows."""
    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    if percent:
        sheet.cell(2, 2).number_format = "0%"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def zip_of(*sizes: int) -> bytes:
    """Return a ZIP archive with files of zeros."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, size in enumerate(sizes):
            archive.writestr(f"xl/{number}.xml", bytes(size))
    return file.getvalue()


def refusal(content: bytes) -> str:
    """Return the sentence with which a file is refused."""
    with pytest.raises(UnreadableFile) as refused:
        read_table(content)
    return refused.value.reason


@pytest.mark.parametrize(
    ("encoding", "notes"), [("utf-8", 0), ("utf-8-sig", 0), ("utf-16", 0), ("cp1252", 1)]
)
def test_csv_is_read_in_the_encodings_of_spreadsheets(encoding: str, notes: int) -> None:
    found = read_table(SEMLA.replace("Semla", "Åäö “x”").encode(encoding))

    assert [(row.number, row.cells) for row in found.rows] == [(2, CELLS | {"name_sv": "Åäö “x”"})]
    assert len(found.notes) == notes


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_delimiter_is_recognised_by_the_headings(delimiter: str) -> None:
    text = SEMLA.replace("45,00", "45").replace(";", delimiter)

    assert read_table(text.encode()).rows[0].cells == CELLS | {"price": "45"}


def test_delimiter_is_recognised_by_the_first_line_with_text_alone() -> None:
    text = "\nname_sv;description_sv\nSemla;Med id, sku, price, name_en\nBulle;\n"

    first, second = read_table(text.encode()).rows

    assert first.cells == {
        "name_sv": "Semla",
        "description_sv": "Med id, sku, price, name_en",
    }
    assert second.cells == {"name_sv": "Bulle", "description_sv": ""}


def test_columns_are_known_by_their_keys_and_in_both_languages_in_any_case() -> None:
    keys = read_table(b"NAME_SV,name in english,Colour\r\nSemla,Cream bun,45\r\n")

    assert keys.rows[0].cells == {"name_sv": "Semla", "name_en": "Cream bun"}
    assert keys.notes == ["These columns are not known and are left out: Colour."]


def test_no_heading_means_two_columns() -> None:
    headings = columns_by_heading()

    for language in ("en", "sv"):
        with translation.override(language):
            for column in COLUMNS:
                assert headings[column.heading.casefold()] is column


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\n\n", "The file is empty."),
        (b"name_sv;price\n", "headings and no products"),
        (b"colour;size\nred;2\n", "The first row must have the columns' names"),
        (b"name_sv;name_sv\na;b\n", "is there twice"),
        (b'name_sv;price\n"a;b\n', "is not CSV: check its quotation marks"),
        (SEMLA.replace("Semla", "Smörgås").encode("mac-roman"), "encoding is not recognised"),
        (SEMLA.encode("utf-16-le"), "encoding is not recognised"),
        (b"\xff\xfe\x00", "encoding is not recognised"),
        (b"\xd0\xcf\x11\xe0" + bytes(99), "old Excel file or one with a password"),
        (b"PK\x03\x04 no archive", "not an Excel workbook"),
        (zip_of(10), "not an Excel workbook"),
        (zip_of(table.MAX_UNPACKED_BYTES + 1), "unpacks to far more than a menu"),
        (zip_of(*[1] * (table.MAX_PACKED_FILES + 1)), "unpacks to far more than a menu"),
        (bytes(10 * 1024 * 1024), "more than 2 MB"),
        (b"name_sv\n" + b"a\n" * (table.MAX_ROWS + 1), "more than 2000 products"),
        (("name_sv\n" + "a" * 2001).encode(), "Row 2, column “Name in Swedish”"),
    ],
)
def test_what_is_no_menu_is_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    assert sentence in refusal(content)


def test_workbook_with_an_xml_bomb_is_refused() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><sst>&c;</sst>'
    file, original = io.BytesIO(), io.BytesIO(workbook(["name_sv"], ["Semla"]))
    with zipfile.ZipFile(original) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, bomb if name == "xl/worksheets/sheet1.xml" else content)

    assert "not an Excel workbook" in refusal(file.getvalue())


def test_workbook_is_read_as_it_is_shown() -> None:
    content = workbook(
        ["name_sv", "vat_rate", "price", "sku", "sold_out", "name_en"],
        ["Semla", 0.12, 45.1, 1001, True, "=cmd|' /C calc'!A0"],
        [None, None, None, None, None, None],
        ["Bulle", 12, 45, "A-1", False, "Bun"],
        percent=True,
    )

    rows = read_table(content).rows

    assert [row.number for row in rows] == [2, 4]
    assert rows[0].cells == {
        "name_sv": "Semla",
        "vat_rate": "12",
        "price": "45.1",
        "sku": "1001",
        "sold_out": "true",
        "name_en": "=cmd|' /C calc'!A0",
    }


def test_formulas_are_neutralised_in_csv_and_read_back_as_they_were() -> None:
    content = write_csv(["name_sv"], [[text] for text in FORMULAS])

    assert [row.cells["name_sv"] for row in read_table(content).rows] == FORMULAS


def test_formulas_are_text_in_excel_and_read_back_as_they_were() -> None:
    content = write_excel(["name_sv", "price"], [[text, Decimal("45.50")] for text in FORMULAS])

    sheet = load_workbook(io.BytesIO(content)).active
    cells = [(row[0].data_type, row[0].quotePrefix, row[1].value) for row in sheet.iter_rows(2)]
    assert cells == [("s", text[0] in "=+-@", 45.5) for text in FORMULAS]
    assert [row.cells["name_sv"] for row in read_table(content).rows] == FORMULAS


def test_swedish_csv_has_semicolons_and_swedish_headings() -> None:
    with translation.override("sv"):
        content = write_csv([column.heading for column in COLUMNS[:3]], [["1", "2", "3"]])

    assert content.decode("utf-8-sig").splitlines()[0] == "Nummer;Artikelnummer;Namn på svenska"
