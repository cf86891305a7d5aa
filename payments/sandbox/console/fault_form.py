"""The console's form for a new fault: its fields, and how it is read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from payments.sandbox.control.fault_input import COMMON_FIELDS, PARAMETERS, fault
from payments.sandbox.faults.registry import Fault, Kind

NUMBER_FIELDS: Final = frozenset({"count", "probability", "seed"})

YES_OR_NO: Final = (("true", "yes"), ("false", "no"))


@dataclass(frozen=True)
class FormField:
    """A parameter of one or several kinds. An empty field takes the kind's default.

    `choices` are values with labels; a field without choices is a text field.
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
    parameter = PARAMETERS[kinds[0]][name]
    choices = tuple((choice, choice) for choice in parameter.choices)
    if isinstance(parameter.default, bool):
        choices = YES_OR_NO
    default = ""
    if len(defaults) == 1:
        value = "" if parameter.default is None else str(parameter.default).lower()
        default = dict(choices).get(value, str(parameter.default or ""))
    return FormField(name, kinds, choices, default)


def form_fault(form: Mapping[str, str]) -> Fault:
    """Read a fault from the form; empty fields and those of other kinds are ignored.

    Raises BadInputError.
    """
    kind = form.get("kind", "")
    parameters = PARAMETERS[Kind(kind)] if kind in set(Kind) else {}
    fields: dict[str, Any] = {}
    for name, value in form.items():
        if not value:
            continue
        parameter = parameters.get(name)
        if name in NUMBER_FIELDS or (parameter and isinstance(parameter.default, int | float)):
            fields[name] = _number(value)
        elif parameter or name in COMMON_FIELDS:
            fields[name] = value
    return fault(fields)


def _number(value: str) -> Any:
    """Read a JSON number or boolean; other text is returned as it is, to be refused."""
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
