"""The fields of a page on which a shop declares allergens."""

from __future__ import annotations

from typing import Any

from django.forms import CheckboxSelectMultiple, MultipleChoiceField
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from orders.models import Allergen, Diet, Option

ALLERGEN_FIELDS = ("allergens_declared", "contains", "may_contain")


def marks_field(label: Any, choices: type[Allergen] | type[Diet]) -> MultipleChoiceField:
    """Return boxes to tick, for a field that stores a list."""
    return MultipleChoiceField(
        choices=choices.choices,
        required=False,
        widget=CheckboxSelectMultiple,
        label=capfirst(label),
    )


def declared_allergens(option: Option) -> str:
    """Return in words what an option is declared to contain, or that nothing is declared yet."""
    if not option.allergens_declared:
        return _("not declared")
    labels = dict(Allergen.choices)
    sentences = {
        _("contains"): option.contains,
        _("may contain"): option.may_contain,
    }
    return "; ".join(
        f"{verb} {', '.join(str(labels[key]) for key in keys)}"
        for verb, keys in sentences.items()
        if keys
    ) or _("none")
