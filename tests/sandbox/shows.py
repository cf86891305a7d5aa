"""Which test shows which result code: a mark on the tests, and what it claims.

@shows("refundPayment", 98)       this test sees refundPayment answer with 98
@shows("cancelInvoice")           … with the parameter `code`
@shows(None, 54)                  the operation that is the parameter `operation`
@shows()                          … with the parameters `operation` and `code`
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from _pytest.mark import Mark, ParameterSet

Claim = tuple[str, int]
"""An operation and a result code."""


def shows(operation: str | None = None, *codes: int) -> pytest.MarkDecorator:
    """Claim that the test sees these codes; conftest holds it to its word."""
    return pytest.mark.shows(operation, *codes)


def claims_of_item(item: pytest.Item) -> set[Claim]:
    """What one test with its parameters claims."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return {claim for mark in item.iter_markers("shows") for claim in _claims(mark, parameters)}


def claims_of_function(test: Callable[..., object]) -> set[Claim]:
    """What a test function claims, over all its parameters."""
    marks: list[Mark] = getattr(test, "pytestmark", [])
    return {
        claim
        for mark in marks
        if mark.name == "shows"
        for parameters in _parameter_sets(marks)
        for claim in _claims(mark, parameters)
    }


def _claims(mark: Mark, parameters: Mapping[str, Any]) -> Iterator[Claim]:
    operation, *codes = mark.args
    for code in codes or [parameters["code"]]:
        yield operation or parameters["operation"], code


def _parameter_sets(marks: list[Mark]) -> list[dict[str, Any]]:
    """The parameters that matter, as far as one parametrize names them together."""
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
