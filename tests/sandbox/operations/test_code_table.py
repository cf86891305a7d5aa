"""The table of result codes is complete and up to date."""

from payments.sandbox.operations.dispatch import possible_codes
from payments.sandbox.soap.schema import OPERATIONS
from tests.sandbox import code_table


def test_every_operation_of_wsdl_is_implemented() -> None:
    assert possible_codes().keys() == OPERATIONS.keys()


def test_every_declared_code_is_covered_by_a_test() -> None:
    possible = {
        (operation, int(code)) for operation, codes in possible_codes().items() for code in codes
    }

    assert possible - code_table.covering_tests().keys() == set()


def test_no_test_covers_an_undeclared_code() -> None:
    possible = {
        (operation, int(code)) for operation, codes in possible_codes().items() for code in codes
    }

    assert code_table.covering_tests().keys() - possible == set()


def test_code_table_in_docs_is_up_to_date() -> None:
    written = code_table.DOCUMENT.read_text(encoding="utf-8")

    assert written == code_table.document(), "run python -m tests.sandbox.code_table"
