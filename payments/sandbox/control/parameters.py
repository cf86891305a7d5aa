"""The parameters of faults and latency profiles: their defaults, readers and choices.

Every reader raises BadInputError with a sentence that names the field.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from payments.sandbox.control.json_input import BadInputError, number, whole_number

MAX_SECONDS: Final = 3600
MAX_SEED: Final = 2**53
"""The largest whole number that every JSON reader keeps exact."""


@dataclass(frozen=True)
class Parameter:
    """A parameter: its default, its reader and its choices."""

    default: Any
    read: Callable[[str, Any], Any]
    choices: tuple[str, ...] = ()


def number_parameter(default: float, low: float, high: float) -> Parameter:
    """A number within limits."""
    return Parameter(default, partial(number, low=low, high=high))


def whole_number_parameter(default: int, low: int, high: int) -> Parameter:
    """A whole number within limits."""
    return Parameter(default, partial(whole_number, low=low, high=high))


def duration_parameter(default: float, low: float = 0.01) -> Parameter:
    """A number of seconds, up to an hour."""
    return number_parameter(default, low, MAX_SECONDS)


def choice_parameter(default: str, *others: str) -> Parameter:
    """One of several texts."""
    choices = (default, *others)

    def read(name: str, value: Any) -> str:
        if value not in choices:
            raise BadInputError(f"{name}: must be {' or '.join(choices)}.")
        return str(value)

    return Parameter(default, read, choices)


def read_parameters(
    kind: str,
    parameters: Mapping[str, Parameter],
    fields: Mapping[str, Any],
    common_fields: frozenset[str],
) -> dict[str, Any]:
    """Read the parameters of a kind; those that are missing get their defaults.

    A field that is neither a parameter of the kind nor a common one is refused.
    """
    for name in fields:
        if name not in common_fields and name not in parameters:
            only = f", only {', '.join(parameters)}" if parameters else ""
            raise BadInputError(f"{name}: {kind} has no such parameter{only}.")
    return {
        name: each.read(name, fields.get(name, each.default)) for name, each in parameters.items()
    }


def read_seed(fields: Mapping[str, Any]) -> int:
    """Read the seed of random choices; by default it is random."""
    return whole_number("seed", fields.get("seed", secrets.randbelow(MAX_SEED)), 0, MAX_SEED)
