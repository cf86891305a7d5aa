"""Reads latency profiles from JSON.

Every reader raises BadInputError with a sentence that names the field.
"""

from collections.abc import Mapping
from typing import Any, Final

from payments.sandbox.control.json_input import BadInputError, text
from payments.sandbox.control.parameters import (
    Parameter,
    duration_parameter,
    number_parameter,
    read_parameters,
    read_seed,
)
from payments.sandbox.faults.latency import LatencyProfile
from payments.sandbox.faults.latency_profiles import LatencyKind
from payments.sandbox.faults.registry import ANY_OPERATION
from payments.sandbox.soap.schema import OPERATIONS

COMMON_FIELDS: Final = frozenset({"operation", "kind", "seed"})

PARAMETERS: Final[dict[LatencyKind, dict[str, Parameter]]] = {
    LatencyKind.CONSTANT: {"seconds": duration_parameter(1, low=0)},
    LatencyKind.STEP: {
        "from_seconds": duration_parameter(0, low=0),
        "to_seconds": duration_parameter(0.5, low=0),
        "at_seconds": duration_parameter(10, low=0),
    },
    LatencyKind.RAMP: {
        "from_seconds": duration_parameter(0, low=0),
        "to_seconds": duration_parameter(2, low=0),
        "over_seconds": duration_parameter(60),
    },
    LatencyKind.BIMODAL: {
        "fast_seconds": duration_parameter(0.05, low=0),
        "slow_seconds": duration_parameter(2, low=0),
        "slow_share": number_parameter(0.1, 0, 1),
    },
    LatencyKind.HANG: {
        "at_seconds": duration_parameter(0, low=0),
        "for_seconds": duration_parameter(12),
    },
}
"""The parameters of each kind, in the order in which they are shown."""


def latency_profile(body: Mapping[str, Any]) -> LatencyProfile:
    """Read a latency profile. A null field counts as missing."""
    fields = {name: value for name, value in body.items() if value is not None}
    operation = text(fields, "operation")
    if operation not in {*OPERATIONS, ANY_OPERATION}:
        raise BadInputError(
            f"operation: must be the name of a SOAP operation, or {ANY_OPERATION} for all."
        )
    name = text(fields, "kind")
    if name not in set(LatencyKind):
        raise BadInputError(f"kind: must be one of {', '.join(LatencyKind)}.")
    kind = LatencyKind(name)
    return LatencyProfile(
        operation,
        kind,
        read_parameters(kind, PARAMETERS[kind], fields, COMMON_FIELDS),
        seed=read_seed(fields),
    )
