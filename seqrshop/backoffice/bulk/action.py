"""What an action that may run over many rows is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.functional import Promise

from orders.audit import ChangeSource
from seqrshop.backoffice.action_results import ActionResult

Text = str | Promise


@dataclass(frozen=True)
class BulkAction:
    """An action on one row, repeated over many.

    `reason_to_skip` says beforehand, from the row and the person alone, why the action would change
    nothing; the action itself checks everything again. `related` and `prefetched` rows are read
    with each row. `always_asks`: the page is shown for a single row, too, because the action cannot
    be undone.
    """

    name: str
    model: type[Model]
    permission: str
    label: Promise
    effect: Promise
    act: Callable[[Any, ChangeSource], ActionResult]
    reason_to_skip: Callable[[Any, Any], Text | None]
    related: tuple[str, ...] = ()
    prefetched: tuple[str, ...] = ()
    always_asks: bool = False

    @property
    def rows(self) -> QuerySet[Any]:
        """All rows of the model, with what the action reads of each."""
        rows: QuerySet[Any] = self.model._default_manager.all()
        if self.related:
            rows = rows.select_related(*self.related)
        return rows.prefetch_related(*self.prefetched)
