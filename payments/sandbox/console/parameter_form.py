"""Forms for faults and latency profiles: the fields of their kinds, and how they are read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from payments.sandbox.control.parameters import Parameter

NUMBER_FIELDS: Final = frozenset({"count", "probability", "seed"})

YES_OR_NO: Final = (("true", "yes"), ("false", "no"))


@dataclass(frozen=True)
class FormField:
    """A parameter of one or several kinds. An empty field takes the kind's default.

    `choices` are values with labels; a field without choices is a text field.
    """

    name: str
    kinds: tuple[str, ...]
    choices: tuple[tuple[str, str], ...]
    default: str


def form_fields(parameters: Mapping[Any, Mapping[str, Parameter]]) -> list[FormField]:
    """The parameters of all kinds, each once."""
    names = dict.fromkeys(name for each in parameters.values() for name in each)
    return [_form_field(name, parameters) for name in names]


def _form_field(name: str, parameters: Mapping[Any, Mapping[str, Parameter]]) -> FormField:
    kinds = tuple(str(kind) for kind, each in parameters.items() if name in each)
    having = [each[name] for each in parameters.values() if name in each]
    parameter = having[0]
    choices = tuple((choice, choice) for choice in parameter.choices)
    if isinstance(parameter.default, bool):
        choices = YES_OR_NO
    default = ""
    if len({each.default for each in having}) == 1:
        value = "" if parameter.default is None else str(parameter.default)
        default = dict(choices).get(value.lower(), value)
    return FormField(name, kinds, choices, default)


def form_input(
    form: Mapping[str, str],
    parameters: Mapping[str, Parameter],
    common_fields: frozenset[str],
) -> dict[str, Any]:
    """The fields of a form as from JSON; empty fields and those of other kinds are left out."""
    fields: dict[str, Any] = {}
    for name, value in form.items():
        if not value:
            continue
        parameter = parameters.get(name)
        if name in NUMBER_FIELDS or (parameter and isinstance(parameter.default, int | float)):
            fields[name] = _number(value)
        elif parameter or name in common_fields:
            fields[name] = value
    return fields


def _number(value: str) -> Any:
    """Read a JSON number or boolean; other text is returned as it is, to be refused."""
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
