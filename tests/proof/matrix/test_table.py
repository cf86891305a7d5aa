"""The fault matrix in the docs: complete, and as written there."""

from payments.sandbox.operations.dispatch import UNSUPPORTED_OPERATIONS
from payments.sandbox.soap.schema import OPERATIONS
from tests.proof.matrix import table
from tests.proof.matrix.faults import FAULTS


def test_matrix_has_every_operation_that_a_shop_calls() -> None:
    rows = [expected for group in table.GROUPS.values() for expected in group]

    assert {row.operation.partition(",")[0] for row in rows} == (
        OPERATIONS.keys() - UNSUPPORTED_OPERATIONS
    )


def test_every_outcome_has_docstring() -> None:
    rows = [expected for group in table.GROUPS.values() for expected in group]

    assert all(outcome.__doc__ for row in rows for outcome in row.faults_of)


def test_sample_has_every_outcome_and_every_fault() -> None:
    """`make test` tries the sample."""
    rows = [expected for group in table.GROUPS.values() for expected in group]

    for row in rows:
        assert {row.of(fault) for fault in row.sampled_faults} == set(row.faults_of)
    assert {fault for row in rows for fault in row.sampled_faults} == set(FAULTS)


def test_matrix_in_docs_is_up_to_date() -> None:
    written = table.DOCUMENT.read_text(encoding="utf-8")

    assert written == table.document(written), "run python -m tests.proof.matrix.table"
