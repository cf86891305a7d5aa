"""The query parameters of the admin's lists: only those that a link of the admin has.

Django allows every lookup of a list's own model. A person who may only see payments could so find
out a payment's secret keys, one character after the other, by what the list then shows.
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, SEARCH_VAR
from django.http import HttpRequest, QueryDict

LANGUAGE_PARAMETER = "language"  # of the links by which a person chooses a language on any page
FILTER_LOOKUPS = ("exact", "id__exact", "in", "isnull", "gte", "lt")
DATE_LOOKUPS = ("year", "month", "day", "gte", "lt")


def allowed_lookups(
    model_admin: ModelAdmin[Any], request: HttpRequest, linked_by: tuple[str, ...]
) -> set[str]:
    """Return the lookups of a list's filters and dates, and of links by the fields `linked_by`."""
    fields: list[object] = list(linked_by)
    allowed: set[object] = set()
    for each in model_admin.get_list_filter(request):
        if isinstance(each, type) and issubclass(each, SimpleListFilter):
            allowed.add(each.parameter_name)
        else:
            fields.append(each[0] if isinstance(each, list | tuple) else each)
    allowed |= {*fields, *(f"{field}__{lookup}" for field in fields for lookup in FILTER_LOOKUPS)}
    if model_admin.date_hierarchy:
        allowed |= {f"{model_admin.date_hierarchy}__{lookup}" for lookup in DATE_LOOKUPS}
    return {str(each) for each in allowed}


def require_readable(parameters: QueryDict) -> None:
    """Raise IncorrectLookupParameters for a character that the database refuses."""
    if any("\0" in text for name, values in parameters.lists() for text in (name, *values)):
        raise IncorrectLookupParameters


def without_language(parameters: QueryDict) -> QueryDict | None:
    """Return the parameters without the chosen language; None if they have none.

    The middleware has activated it, and a cookie remembers it.
    """
    if LANGUAGE_PARAMETER not in parameters:
        return None
    rest = parameters.copy()
    del rest[LANGUAGE_PARAMETER]
    return rest


def filters_by(parameters: QueryDict, field: str | None) -> bool:
    """Return whether an address filters its rows by a field."""
    return any(name.partition("__")[0] == field for name in parameters)


def chosen_by(parameters: QueryDict) -> str:
    """Return which rows an address selects, as text without personal data.

    What was searched for may be a phone number, and is left out.
    """
    texts = (
        name if name == SEARCH_VAR else f"{name}={value}"
        for name, values in sorted(parameters.lists())
        for value in values
    )
    return f"list: {', '.join(texts) or 'all rows'}"


def is_unfiltered(parameters: QueryDict) -> bool:
    """Return whether an address has nothing but the flag of an earlier error, if that."""
    return parameters.keys() <= {ERROR_FLAG}
