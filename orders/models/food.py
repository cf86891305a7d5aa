from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Allergen(models.TextChoices):
    """The 14 allergens of EU regulation 1169/2011, annex II, in its order."""

    GLUTEN = "gluten", _("cereals containing gluten")
    CRUSTACEANS = "crustaceans", _("crustaceans")
    EGGS = "eggs", _("eggs")
    FISH = "fish", _("fish")
    PEANUTS = "peanuts", _("peanuts")
    SOYBEANS = "soybeans", _("soybeans")
    MILK = "milk", _("milk")
    NUTS = "nuts", _("nuts")
    CELERY = "celery", _("celery")
    MUSTARD = "mustard", _("mustard")
    SESAME = "sesame", _("sesame seeds")
    SULPHITES = "sulphites", _("sulphur dioxide and sulphites")
    LUPIN = "lupin", _("lupin")
    MOLLUSCS = "molluscs", _("molluscs")


class Diet(models.TextChoices):
    """The diets that a product may be marked as suitable for."""

    VEGAN = "vegan", _("vegan")
    VEGETARIAN = "vegetarian", _("vegetarian")
    GLUTEN_FREE = "gluten_free", _("gluten-free")
    LACTOSE_FREE = "lactose_free", _("lactose-free")


_A = Allergen
_FLESH = frozenset({_A.CRUSTACEANS, _A.FISH, _A.MOLLUSCS})
# What a product with this mark cannot contain. Lactose-free milk is still milk.
EXCLUDED_BY_DIET: dict[Diet, frozenset[Allergen]] = {
    Diet.VEGAN: _FLESH | {_A.EGGS, _A.MILK},
    Diet.VEGETARIAN: _FLESH,
    Diet.GLUTEN_FREE: frozenset({_A.GLUTEN}),
    Diet.LACTOSE_FREE: frozenset(),
}


def contradiction(
    contains: list[str], may_contain: list[str], diets: list[str]
) -> tuple[str, Promise] | None:
    """Return the field that contradicts another, and a sentence about it; None if none does."""
    if set(contains) & set(may_contain):
        return "may_contain", _("The same allergen cannot be in both lists.")
    if any(EXCLUDED_BY_DIET[Diet(diet)] & set(contains) for diet in diets):
        return "diets", _("This mark does not fit what the product contains.")
    return None
