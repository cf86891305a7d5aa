"""The record of an export: how many rows its file has."""

from payments.exports.cells import Row
from payments.exports.record import RowCount


def test_rows_of_all_batches_are_counted() -> None:
    count = RowCount()
    batches: list[list[Row]] = [[("a",), ("b",)], [("c",)]]

    assert list(count.of(batches)) == batches
    assert count.rows == 3
