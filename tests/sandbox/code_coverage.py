"""Marks tests with the result codes that they cover.

@covers_codes("refundPayment", 98)  the test gets 98 from refundPayment
@covers_codes("cancelInvoice")      the code is the test's parameter `code`
@covers_codes(None, 54)             the operation is the test's parameter `operation`
@covers_codes()                     both are parameters
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from _pytest.mark import Mark, ParameterSet

CoveredCode = tuple[str, int]
"""An operation and a result code."""


def covers_codes(operation: str | None = None, *codes: int) -> pytest.MarkDecorator:
    """Mark a test as getting these codes; a fixture in conftest checks that it does."""
    return pytest.mark.covers_codes(operation, *codes)


def covered_by_item(item: pytest.Item) -> set[CoveredCode]:
    """The codes that one test covers with its parameters."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return {
        code for mark in item.iter_markers("covers_codes") for code in _covered(mark, parameters)
    }


def covered_by_function(test: Callable[..., object]) -> set[CoveredCode]:
    """The codes that a test function covers with all its parameters."""
    marks: list[Mark] = getattr(test, "pytestmark", [])
    return {
        code
        for mark in marks
        if mark.name == "covers_codes"
        for parameters in _parameter_sets(marks)
        for code in _covered(mark, parameters)
    }


def _covered(mark: Mark, parameters: Mapping[str, Any]) -> Iterator[CoveredCode]:
    operation, *codes = mark.args
    for code in codes or [parameters["code"]]:
        yield operation or parameters["operation"], code


def _parameter_sets(marks: list[Mark]) -> list[dict[str, Any]]:
    """The parameters of the parametrize that names `operation` or `code`."""
    for mark in marks:
        if mark.name == "parametrize":
            names, values = mark.args[:2]
            listed = names.split(",") if isinstance(names, str) else list(names)
            if {"code", "operation"} & set(listed):
                return [
                    dict(
                        zip(
                            listed,
                            ParameterSet.extract_from(each, force_tuple=len(listed) == 1).values,
                            strict=True,
                        )
                    )
                    for each in values
                ]
    return [{}]
