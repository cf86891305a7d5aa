"""The table of result codes: complete, and as written in the docs."""

from payments.sandbox.operations.dispatch import possible_codes
from payments.sandbox.soap.schema import OPERATIONS
from tests.sandbox import code_table


def test_every_operation_of_seqr_is_there() -> None:
    assert possible_codes().keys() == OPERATIONS.keys()


def test_every_code_that_an_operation_can_give_is_shown_by_a_test() -> None:
    possible = {
        (operation, int(code)) for operation, codes in possible_codes().items() for code in codes
    }

    assert possible - code_table.shown().keys() == set()


def test_no_test_claims_a_code_that_the_operation_does_not_declare() -> None:
    possible = {
        (operation, int(code)) for operation, codes in possible_codes().items() for code in codes
    }

    assert code_table.shown().keys() - possible == set()


def test_the_page_in_the_docs_is_up_to_date() -> None:
    written = code_table.DOCUMENT.read_text(encoding="utf-8")

    assert written == code_table.document(), "run python -m tests.sandbox.code_table"
