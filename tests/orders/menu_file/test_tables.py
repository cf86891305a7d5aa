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
from orders.menu_file.table import Row, UnreadableFile, read_table, write_csv, write_excel

SEMLA = "namn på svenska;namn på engelska;pris inklusive moms\nSemla;Cream bun;45,00\n"
CELLS = {"name_sv": "Semla", "name_en": "Cream bun", "price": "45,00"}
NO_WORKBOOK = "This is not an Excel workbook (.xlsx), or it is damaged."
TOO_LARGE = "The Excel file unpacks to far more than a menu."
UNKNOWN_ENCODING = (
    "The file's encoding is not recognised. Save it as “CSV UTF-8” or as an .xlsx file."
)
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
    ("encoding", "notes"),
    [
        ("utf-8", []),
        ("utf-8-sig", []),
        ("utf-16", []),
        ("cp1252", ["The file was read as Windows-1252. Check å, ä and ö in the names below."]),
    ],
)
def test_csv_is_read_in_the_encodings_of_spreadsheets(encoding: str, notes: list[str]) -> None:
    found = read_table(SEMLA.replace("Semla", "Åäö “x”").encode(encoding))

    assert [(row.number, row.cells) for row in found.rows] == [(2, CELLS | {"name_sv": "Åäö “x”"})]
    assert found.notes == notes


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


@pytest.mark.parametrize("delimiter", [";", ","])
def test_delimiter_is_recognised_by_headings_in_quotation_marks_and_blanks(delimiter: str) -> None:
    text = '"Name_sv "|" price"|"sku"\r\n"Te, Rooibos;"|"45"|""\r\n'.replace("|", delimiter)

    assert read_table(text.encode()).rows[0].cells == {
        "name_sv": "Te, Rooibos;",
        "price": "45",
        "sku": "",
    }


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
        (b"name_sv;price\n", "The file has headings and no products."),
        (
            b"colour;size\nred;2\n",
            "The first row must have the columns' names, such as “name_sv, name_en, price”. "
            "Export the menu to see all of them.",
        ),
        (b"name_sv;name_sv\na;b\n", "The column “Name in Swedish” is there twice."),
        (
            b'name_sv;price\nc;d\n"a;b\n',
            "Row 3 is not CSV: check its quotation marks.",
        ),
        (SEMLA.replace("Semla", "Smörgås").encode("mac-roman"), UNKNOWN_ENCODING),
        (SEMLA.encode("utf-16-le"), UNKNOWN_ENCODING),
        (b"\xff\xfe\x00", UNKNOWN_ENCODING),
        (
            b"\xd0\xcf\x11\xe0" + bytes(99),
            "This is an old Excel file or one with a password. Save it as an .xlsx file.",
        ),
        (b"PK\x03\x04 no archive", NO_WORKBOOK),
        (zip_of(10), NO_WORKBOOK),
        (zip_of(table.MAX_UNPACKED_BYTES), NO_WORKBOOK),
        (zip_of(table.MAX_UNPACKED_BYTES + 1), TOO_LARGE),
        (zip_of(*[1] * table.MAX_PACKED_FILES), NO_WORKBOOK),
        (zip_of(*[1] * (table.MAX_PACKED_FILES + 1)), TOO_LARGE),
        (
            bytes(2 * 1024 * 1024 + 1),
            "The file has more than 2 MB. A menu is smaller: remove what is not the menu.",
        ),
        (bytes(2 * 1024 * 1024), UNKNOWN_ENCODING),
        (b"name_sv\n" + b"a\n" * 2001, "The file has more than 2000 products. Divide it."),
        (
            (";".join(["name_sv", *"x" * 60]) + "\na\n").encode(),
            "The file has more than 60 columns.",
        ),
        (
            ("name_sv\n\n" + "a" * 2001).encode(),
            "Row 3, column “Name in Swedish”: the text is too long.",
        ),
    ],
)
def test_what_is_no_menu_is_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    assert refusal(content) == sentence


def test_largest_menu_is_read() -> None:
    heading = ";".join(["name_sv", *"x" * 59])

    found = read_table((f"{heading}\n" + "a\n" * 1999 + "b" * 2000 + "\n").encode())

    assert len(found.rows) == 2000
    assert found.rows[-1] == Row(2001, {"name_sv": "b" * 2000})


def test_workbook_beyond_the_limits_is_refused() -> None:
    columns = workbook(["name_sv", *[None] * 59, "x"], ["a"])
    names: list[list[object]] = [["name_sv"]] * 2002
    rows = workbook(*names)

    assert refusal(columns) == "The file has more than 60 columns."
    assert refusal(rows) == "The file has more than 2000 products. Divide it."


def test_workbook_with_an_xml_bomb_is_refused() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><sst>&c;</sst>'
    file, original = io.BytesIO(), io.BytesIO(workbook(["name_sv"], ["Semla"]))
    with zipfile.ZipFile(original) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, bomb if name == "xl/worksheets/sheet1.xml" else content)

    assert refusal(file.getvalue()) == NO_WORKBOOK


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


def test_exported_workbook_has_its_headings_in_sight_and_numbers_as_numbers() -> None:
    content = write_excel(["Number", "Price"], [[7, Decimal("45.50")], [True, "a\x00b"]])

    sheet = load_workbook(io.BytesIO(content)).active
    assert (sheet.title, sheet.freeze_panes) == ("Menu", "A2")
    assert [sheet.column_dimensions[each].width for each in "AB"] == [10, 9]
    assert [[(cell.value, cell.font.b) for cell in row] for row in sheet.iter_rows()] == [
        [("Number", True), ("Price", True)],
        [(7, False), (45.5, False)],
        [("True", False), ("ab", False)],
    ]
    assert [cell.number_format for cell in sheet[2]] == ["General", "0.00"]


@pytest.mark.parametrize(("language", "line"), [("en", "a,1"), ("sv", "a;1")])
def test_csv_is_for_excel_in_the_active_language(language: str, line: str) -> None:
    with translation.override(language):
        content = write_csv(["name", "n"], [["a", 1]])

    assert content.startswith(b"\xef\xbb\xbfname")
    assert content.decode("utf-8-sig").splitlines()[1] == line


def test_swedish_csv_has_semicolons_and_swedish_headings() -> None:
    with translation.override("sv"):
        content = write_csv([column.heading for column in COLUMNS[:3]], [["1", "2", "3"]])

    assert content.decode("utf-8-sig").splitlines()[0] == "Nummer;Artikelnummer;Namn på svenska"


def test_blanks_around_a_cell_do_not_count() -> None:
    rows = read_table(b" name_sv ; sku ;price\n Stor  semla ;\tS1;45,00 \n").rows

    assert [row.cells for row in rows] == [
        {"name_sv": "Stor  semla", "sku": "S1", "price": "45,00"},
    ]


def test_columns_after_an_unknown_one_are_read() -> None:
    table = read_table(b"name_sv,Colour,name_en,price\r\nSemla,brown,Cream bun,45\r\n")

    assert table.rows[0].cells == {"name_sv": "Semla", "name_en": "Cream bun", "price": "45"}
