"""The developer's corner's form for a new fault: its fields, and what comes of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from payments.sandbox.control.fault_input import COMMON_FIELDS, PARAMETERS, fault
from payments.sandbox.faults.registry import Fault, Kind

NUMBERS: Final = frozenset({"count", "probability", "seed"})

YES_OR_NO: Final = (("true", "yes"), ("false", "no"))


@dataclass(frozen=True)
class FormField:
    """One parameter, for all the kinds that have it. Left empty it is the kind's own default.

    `choices` are values with their words; without any it is a field to type in.
    """

    name: str
    kinds: tuple[Kind, ...]
    choices: tuple[tuple[str, str], ...]
    default: str


def form_fields() -> list[FormField]:
    """The parameters of all kinds, each once."""
    names = dict.fromkeys(name for parameters in PARAMETERS.values() for name in parameters)
    return [_form_field(name) for name in names]


def _form_field(name: str) -> FormField:
    kinds = tuple(kind for kind, parameters in PARAMETERS.items() if name in parameters)
    defaults = {PARAMETERS[kind][name].default for kind in kinds}
    known = PARAMETERS[kinds[0]][name]
    choices = tuple((choice, choice) for choice in known.choices)
    if isinstance(known.default, bool):
        choices = YES_OR_NO
    default = ""
    if len(defaults) == 1:
        value = "" if known.default is None else str(known.default).lower()
        default = dict(choices).get(value, str(known.default or ""))
    return FormField(name, kinds, choices, default)


def form_fault(form: Mapping[str, str]) -> Fault:
    """The fault that a form describes; empty fields and those of other kinds do not count.

    Raises BadInputError.
    """
    kind = form.get("kind", "")
    known = PARAMETERS[Kind(kind)] if kind in set(Kind) else {}
    given: dict[str, Any] = {}
    for name, value in form.items():
        if not value:
            continue
        if name in NUMBERS or (name in known and isinstance(known[name].default, int | float)):
            given[name] = _number(value)
        elif name in known or name in COMMON_FIELDS:
            given[name] = value
    return fault(given)


def _number(value: str) -> Any:
    """A number, or true or false, as JSON writes it; anything else stays a text to be refused."""
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
