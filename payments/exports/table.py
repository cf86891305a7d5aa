"""An exported table: its columns, and how its rows are read with bounded memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from orders.query_plans import long_read
from payments.exports.cells import Row

READ_BATCH_SIZE = 2000
READ_TIMEOUT_SECONDS = 60  # of one batch: its first row may be the last of many


@dataclass(frozen=True)
class Table:
    """A table of one line or more for each row of a model. The columns' names never change.

    `lines` returns the lines of some of the model's rows, in their sequence, and may read more
    about them. `related` rows are read with each of them.
    """

    name: str
    model: type[Model]
    columns: tuple[str, ...]
    related: tuple[str, ...]
    lines: Callable[[Sequence[Any]], Iterable[Row]]

    def batches(self, rows: QuerySet[Any]) -> Iterator[list[Row]]:
        """Yield the lines of the selected rows in batches, the oldest row first.

        Each batch is a query of its own. One for all would hold a transaction open for as long as
        the receiver takes to read.
        """
        plain = rows.select_related(None).prefetch_related(None).order_by("pk")
        selected = plain.select_related(*self.related)
        last_id = 0
        while True:
            with long_read(READ_TIMEOUT_SECONDS):
                batch = list(selected.filter(pk__gt=last_id)[:READ_BATCH_SIZE])
                lines = list(self.lines(batch))
            yield lines
            if len(batch) < READ_BATCH_SIZE:
                return
            last_id = batch[-1].pk
