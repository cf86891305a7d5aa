"""The codes of many tables at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db import IntegrityError

from orders.codes.generate import add_codes
from orders.models import QrCode, Shop
from orders.models.qr_code import natural_key

MAX_CODES = 1_000
NUMBER_SIGN = "#"
"""Stands for the number in the pattern of a placement or of parameters."""


class Place(NamedTuple):
    """A code to add: its placement, and its parameters."""

    placement: str
    parameters: str


class PlacementTaken(Exception):
    """Another code of the shop has the placement already. Its text is the placement."""


class Added(NamedTuple):
    """The codes that were added, and the number of those that the shop had already."""

    codes: Sequence[QrCode]
    present: int


def numbered_places(placement: str, parameters: str, first: int, last: int) -> list[Place]:
    """Return a place for each number from the first to the last."""
    return [
        Place(placement.replace(NUMBER_SIGN, str(n)), parameters.replace(NUMBER_SIGN, str(n)))
        for n in range(first, last + 1)
    ]


def add_missing_codes(shop: Shop, places: Sequence[Place], made_by: User | None) -> Added:
    """Add the codes whose parameters the shop has no code with; all of them or none.

    A present code is left as it is. Raises PlacementTaken, and ValidationError if a code would
    break the print guidelines.
    """
    present = set(shop.qr_codes.values_list("parameters", flat=True))
    missing = [place for place in places if place.parameters not in present]
    keys = {natural_key(place.placement): place.placement for place in missing}
    taken = shop.qr_codes.filter(sort_key__in=keys).values_list("sort_key", flat=True)
    if taken:
        raise PlacementTaken(", ".join(keys[key] for key in taken[:3]))
    try:
        codes = add_codes(shop, missing, made_by)
    except IntegrityError as error:  # a colleague has added one meanwhile
        raise PlacementTaken(missing[0].placement) from error
    return Added(codes, len(places) - len(missing))
