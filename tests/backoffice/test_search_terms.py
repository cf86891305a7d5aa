"""What a text in a search field may mean."""

from __future__ import annotations

import pytest

from seqrshop.backoffice.search_terms import MAX_TERM_CHARACTERS, SearchTerm, read_term


@pytest.mark.parametrize(
    "text",
    [
        "#1006", "# 1006", "order 1006", "Order #1006", "beställning 1006", "Beställning nr 1006",
        "best. 1006", "nr 1006", "no. 1006", "  order   1006 ", "ORDER: 1006",
    ],
)  # fmt: skip
def test_number_after_a_word_is_an_orders_alone(text: str) -> None:
    assert read_term(text) == SearchTerm(order_id=6)


def test_number_of_a_payment_has_its_attempt() -> None:
    assert read_term("order 1006-2") == SearchTerm(order_id=6, attempt=2)
    assert (read_term("1006-2").order_id, read_term("1006-2").attempt) == (6, 2)


def test_four_digits_are_a_number_or_the_end_of_a_phone_number() -> None:
    term = read_term("1006")

    assert (term.order_id, term.last_digits, term.msisdns) == (6, "1006", ())


def test_four_digits_with_a_leading_zero_are_no_number() -> None:
    term = read_term("0044")

    assert (term.order_id, term.last_digits) == (None, "0044")


@pytest.mark.parametrize(
    "text",
    [
        "0701234567", "070-123 45 67", "070 123 45 67", "070/1234567", "070.123.45.67",
        "+46701234567", "+46 70 123 45 67", "+46 (0)70-123 45 67", "0046 70 123 45 67",
        "46701234567", "701234567", "(070) 123 45 67", "070–123 45 67", "tel:+46701234567",
        "070\N{NO-BREAK SPACE}123\N{NO-BREAK SPACE}45\N{NO-BREAK SPACE}67",
    ],
)  # fmt: skip
def test_phone_number_is_read_however_it_is_written(text: str) -> None:
    assert "46701234567" in read_term(text).msisdns


@pytest.mark.parametrize("text", ["070", "12345", "+", "call 0701234567", "4" * 16])
def test_text_that_is_no_phone_number_is_none(text: str) -> None:
    assert read_term(text).msisdns == ()


@pytest.mark.parametrize(
    "text",
    [
        "receipt 17", "Receipt: 17", "receipt no. 17", "kvitto 17", "Kvitto nr 17", "kvitto #17",
        "credit receipt 17", "Kreditkvitto 17",
    ],
)  # fmt: skip
def test_number_after_the_word_for_a_receipt_is_a_receipts_alone(text: str) -> None:
    assert read_term(text) == SearchTerm(receipt_number=17)


@pytest.mark.parametrize("text", ["Bord 4", "table 4", "TABLE: 4", "bord  4", "4"])
def test_table_is_read_by_its_word_or_as_a_short_number(text: str) -> None:
    assert read_term(text) == SearchTerm(table="4")


@pytest.mark.parametrize("text", ["53001000", "…53001000", "...53001000", " 5300100A "])
def test_eight_characters_are_the_end_of_a_reference(text: str) -> None:
    assert read_term(text).reference_end == text.strip(" .…")


def test_longer_text_is_a_whole_reference_alone() -> None:
    term = read_term("2012060410485453001000001")

    assert (term.reference, term.reference_end) == ("2012060410485453001000001", "")


def test_text_is_cut_and_has_no_character_that_the_database_refuses() -> None:
    assert read_term("\0" * 5) == SearchTerm()
    assert len(read_term("x" * 1000).reference) == MAX_TERM_CHARACTERS
