"""Reads faults from JSON.

Every reader raises BadInputError with a sentence that names the field.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from payments.sandbox.control.json_input import (
    BadInputError,
    number,
    printable_text,
    text,
    whole_number,
)
from payments.sandbox.control.parameters import (
    Parameter,
    choice_parameter,
    duration_parameter,
    read_parameters,
    read_seed,
    whole_number_parameter,
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

MAX_FAULT_COUNT: Final = 1_000_000
MAX_MEGABYTES: Final = 1000
MAX_GARBAGE_BYTES: Final = 1_000_000
MAX_FAULTSTRING: Final = 200

COMMON_FIELDS: Final = frozenset({"operation", "kind", "count", "probability", "seed"})


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


_EXECUTED_BY_DEFAULT: Final = {"takes_effect": Parameter(True, _yes_or_no)}
_NOT_EXECUTED_BY_DEFAULT: Final = {"takes_effect": Parameter(False, _yes_or_no)}

PARAMETERS: Final[dict[Kind, dict[str, Parameter]]] = {
    Kind.DELAY: {
        "seconds": duration_parameter(5),
        "before": choice_parameter("effect", "response"),
    },
    Kind.REFUSE: {},
    Kind.RESET: _NOT_EXECUTED_BY_DEFAULT,
    Kind.DROP: {},
    Kind.DRIP: {"seconds": duration_parameter(5)},
    Kind.HTTP_STATUS: {"status": whole_number_parameter(503, 200, 599), **_NOT_EXECUTED_BY_DEFAULT},
    Kind.SOAP_FAULT: {
        "faultcode": choice_parameter("Server", "Client"),
        "faultstring": Parameter(
            "Something went wrong.", partial(printable_text, longest=MAX_FAULTSTRING)
        ),
        **_NOT_EXECUTED_BY_DEFAULT,
    },
    Kind.RESULT_CODE: {"code": whole_number_parameter(90, -(2**31), 2**31 - 1)},
    Kind.GARBAGE: {
        "bytes": whole_number_parameter(1000, 1, MAX_GARBAGE_BYTES),
        **_EXECUTED_BY_DEFAULT,
    },
    Kind.HTML: _EXECUTED_BY_DEFAULT,
    Kind.EMPTY: _EXECUTED_BY_DEFAULT,
    Kind.TRUNCATED: {"length": choice_parameter("full", "sent")},
    Kind.HUGE: {"megabytes": whole_number_parameter(50, 1, MAX_MEGABYTES)},
    Kind.WRONG_OPERATION: {
        "response_of": Parameter(None, _operation_name, tuple(OPERATIONS)),
        **_EXECUTED_BY_DEFAULT,
    },
    Kind.LOST: {},
    Kind.DOUBLED: {},
    Kind.LATE: {"seconds": duration_parameter(5)},
    Kind.REORDERED: {"seconds": duration_parameter(30)},
}
"""The parameters of each kind, in the order in which they are shown."""


def fault(body: Mapping[str, Any]) -> Fault:
    """Read a fault. A null field counts as missing."""
    fields = {name: value for name, value in body.items() if value is not None}
    operation = _operation(fields)
    kind = _kind(fields, operation)
    count = fields.get("count")
    return Fault(
        operation,
        kind,
        read_parameters(kind, PARAMETERS[kind], fields, COMMON_FIELDS),
        count=None if count is None else whole_number("count", count, 1, MAX_FAULT_COUNT),
        probability=number("probability", fields.get("probability", 1), 0, 1),
        seed=read_seed(fields),
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
