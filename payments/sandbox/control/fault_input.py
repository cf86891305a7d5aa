"""Reads faults from JSON.

Every reader raises BadInputError with a sentence that names the field.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from payments.sandbox.control.json_input import (
    BadInputError,
    number,
    printable_text,
    text,
    whole_number,
)
from payments.sandbox.faults.registry import (
    ANY_OPERATION,
    NOTIFICATION,
    NOTIFICATION_KINDS,
    SOAP_KINDS,
    Fault,
    Kind,
)
from payments.sandbox.soap.schema import OPERATIONS

MAX_FAULT_SECONDS: Final = 3600
MAX_FAULT_COUNT: Final = 1_000_000
MAX_SEED: Final = 2**53
"""The largest whole number that every JSON reader keeps exact."""

MAX_MEGABYTES: Final = 1000
MAX_GARBAGE_BYTES: Final = 1_000_000
MAX_FAULTSTRING: Final = 200

COMMON_FIELDS: Final = frozenset({"operation", "kind", "count", "probability", "seed"})


@dataclass(frozen=True)
class Parameter:
    """A parameter of a kind of fault: its default, its reader and its choices."""

    default: Any
    read: Callable[[str, Any], Any]
    choices: tuple[str, ...] = ()


def _number(default: float, low: float, high: float) -> Parameter:
    return Parameter(default, partial(number, low=low, high=high))


def _whole_number(default: int, low: int, high: int) -> Parameter:
    return Parameter(default, partial(whole_number, low=low, high=high))


def _one_of(default: str, *others: str) -> Parameter:
    choices = (default, *others)

    def read(name: str, value: Any) -> str:
        if value not in choices:
            raise BadInputError(f"{name}: must be {' or '.join(choices)}.")
        return str(value)

    return Parameter(default, read, choices)


def _yes_or_no(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadInputError(f"{name}: must be true or false.")
    return value


def _operation_name(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in OPERATIONS:
        raise BadInputError(f"{name}: must be the name of a SOAP operation.")
    return value


def _seconds(default: float) -> Parameter:
    return _number(default, 0.01, MAX_FAULT_SECONDS)


_EXECUTED_BY_DEFAULT: Final = {"takes_effect": Parameter(True, _yes_or_no)}
_NOT_EXECUTED_BY_DEFAULT: Final = {"takes_effect": Parameter(False, _yes_or_no)}

PARAMETERS: Final[dict[Kind, dict[str, Parameter]]] = {
    Kind.DELAY: {
        "seconds": _seconds(5),
        "before": _one_of("effect", "response"),
    },
    Kind.REFUSE: {},
    Kind.RESET: _NOT_EXECUTED_BY_DEFAULT,
    Kind.DROP: {},
    Kind.DRIP: {"seconds": _seconds(5)},
    Kind.HTTP_STATUS: {"status": _whole_number(503, 200, 599), **_NOT_EXECUTED_BY_DEFAULT},
    Kind.SOAP_FAULT: {
        "faultcode": _one_of("Server", "Client"),
        "faultstring": Parameter(
            "Something went wrong.", partial(printable_text, longest=MAX_FAULTSTRING)
        ),
        **_NOT_EXECUTED_BY_DEFAULT,
    },
    Kind.RESULT_CODE: {"code": _whole_number(90, -(2**31), 2**31 - 1)},
    Kind.GARBAGE: {"bytes": _whole_number(1000, 1, MAX_GARBAGE_BYTES), **_EXECUTED_BY_DEFAULT},
    Kind.HTML: _EXECUTED_BY_DEFAULT,
    Kind.EMPTY: _EXECUTED_BY_DEFAULT,
    Kind.TRUNCATED: {"length": _one_of("full", "sent")},
    Kind.HUGE: {"megabytes": _whole_number(50, 1, MAX_MEGABYTES)},
    Kind.WRONG_OPERATION: {
        "response_of": Parameter(None, _operation_name, tuple(OPERATIONS)),
        **_EXECUTED_BY_DEFAULT,
    },
    Kind.LOST: {},
    Kind.DOUBLED: {},
    Kind.LATE: {"seconds": _seconds(5)},
    Kind.REORDERED: {"seconds": _seconds(30)},
}
"""The parameters of each kind, in the order in which they are shown."""


def fault(body: Mapping[str, Any]) -> Fault:
    """Read a fault. A null field counts as missing."""
    fields = {name: value for name, value in body.items() if value is not None}
    operation = _operation(fields)
    kind = _kind(fields, operation)
    parameters = PARAMETERS[kind]
    for name in fields:
        if name not in COMMON_FIELDS and name not in parameters:
            raise BadInputError(f"{name}: {kind} has no such parameter{_only(parameters)}.")
    count = fields.get("count")
    seed = fields.get("seed", secrets.randbelow(MAX_SEED))
    return Fault(
        operation,
        kind,
        {
            name: each.read(name, fields.get(name, each.default))
            for name, each in parameters.items()
        },
        count=None if count is None else whole_number("count", count, 1, MAX_FAULT_COUNT),
        probability=number("probability", fields.get("probability", 1), 0, 1),
        seed=whole_number("seed", seed, 0, MAX_SEED),
    )


def _operation(fields: Mapping[str, Any]) -> str:
    operation = text(fields, "operation")
    if operation not in {*OPERATIONS, ANY_OPERATION, NOTIFICATION}:
        raise BadInputError(
            f"operation: must be the name of a SOAP operation, {ANY_OPERATION} or {NOTIFICATION}."
        )
    return operation


def _kind(fields: Mapping[str, Any], operation: str) -> Kind:
    kinds = NOTIFICATION_KINDS if operation == NOTIFICATION else SOAP_KINDS
    kind = text(fields, "kind")
    if kind not in kinds:
        raise BadInputError(f"kind: for {operation} it must be one of {', '.join(kinds)}.")
    return Kind(kind)


def _only(parameters: Mapping[str, Parameter]) -> str:
    return f", only {', '.join(parameters)}" if parameters else ""
