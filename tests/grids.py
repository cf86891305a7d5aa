"""How much of a grid a run tries: `make proof` tries every cell, `make test` some of them."""

import os
from collections.abc import Iterable
from typing import TypeVar

TRIES_ALL = "ALL_CELLS" in os.environ

Cell = TypeVar("Cell")


def is_tried(number: int, cells_per_tried: int) -> bool:
    """Whether this run tries the cell of this number: each, or one of so many."""
    return TRIES_ALL or number % cells_per_tried == 0


def tried(cells: Iterable[Cell], cells_per_tried: int) -> list[Cell]:
    """Return the cells that this run tries: all of them, or one of so many."""
    return [cell for number, cell in enumerate(cells) if is_tried(number, cells_per_tried)]
