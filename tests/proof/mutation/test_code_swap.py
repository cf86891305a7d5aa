"""A fault in a function is planted into a process that has imported the function before."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.proof.mutation.code_swap import Functions, plant

TEXT = """
from functools import wraps

FEE = 5


def doubled(function):
    @wraps(function)
    def result(*args):
        return 2 * function(*args)

    return result


def total(amounts):
    return sum(amount + FEE for amount in amounts)


class Basket:
    rows = 3

    @doubled
    def price(self, amount):
        return amount
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the module."""
    (tmp_path / "shop.py").write_text(TEXT)
    return tmp_path


@pytest.fixture
def shop(folder: Path) -> Iterator[ModuleType]:
    """The imported module."""
    spec = importlib.util.spec_from_file_location("shop", folder / "shop.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def planted(folder: Path, old: str, new: str) -> bool:
    """Plant a fault; return whether it could be planted."""
    assert old in TEXT
    swaps = Functions(folder).swaps("shop.py", TEXT, TEXT.replace(old, new))
    plant(swaps)
    return bool(swaps)


def test_function_and_what_is_defined_in_it_are_changed(folder: Path, shop: ModuleType) -> None:
    assert planted(folder, "amount + FEE", "amount - FEE")

    assert shop.total([10, 20]) == 20


def test_method_below_a_decorator_is_changed(folder: Path, shop: ModuleType) -> None:
    assert planted(folder, "        return amount\n", "        return amount + 1\n")

    assert shop.Basket().price(10) == 22


def test_function_that_a_decorator_has_made_is_changed(folder: Path, shop: ModuleType) -> None:
    assert planted(folder, "return 2 * function", "return 3 * function")

    assert shop.Basket().price(10) == 30


def test_fault_that_moves_later_lines_is_planted(folder: Path, shop: ModuleType) -> None:
    assert planted(folder, "    return sum(", "    amounts = amounts[:1]\n    return sum(")

    assert shop.total([10, 20]) == 15
    assert shop.Basket().price(10) == 20


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FEE = 5", "FEE = 6"),
        ("rows = 3", "rows = 4"),
        ("    @doubled\n", ""),
        ("def total(", "def sums("),
        ("def total(amounts)", "def total(amounts=())"),
    ],
)
def test_change_of_what_an_import_runs_cannot_be_planted(
    folder: Path, shop: ModuleType, old: str, new: str
) -> None:
    assert not planted(folder, old, new)

    assert (shop.FEE, shop.Basket.rows, shop.Basket().price(10)) == (5, 3, 20)
