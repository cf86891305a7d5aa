"""Factories of what changes a shop's weekly hours: days with other hours, and planned pauses."""

from __future__ import annotations

from datetime import date

import factory
from factory.django import DjangoModelFactory

from orders.models import OpeningException, PlannedPause
from tests.factories import ShopFactory


class OpeningExceptionFactory(DjangoModelFactory[OpeningException]):
    """A day on which a shop is closed: Midsummer's Eve of 2026, a Friday."""

    class Meta:
        model = OpeningException

    shop = factory.SubFactory(ShopFactory)
    first_day = date(2026, 6, 19)
    last_day = factory.SelfAttribute("first_day")
    note_sv = "midsommarafton"
    note_en = "Midsummer's Eve"


class PlannedPauseFactory(DjangoModelFactory[PlannedPause]):
    """A pause planned ahead. Give its times."""

    class Meta:
        model = PlannedPause

    shop = factory.SubFactory(ShopFactory)
