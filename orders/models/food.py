from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
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


def marks_of(choices: type[Allergen] | type[Diet], label: Any) -> Any:
    """Return a field with any of these choices."""
    return ArrayField(
        models.CharField(max_length=12, choices=choices.choices),
        verbose_name=label,
        blank=True,
        default=list,
    )


class DeclaresAllergens(models.Model):
    """What the shop declares of something to eat or drink.

    `contains` and `may_contain` are allergens, and say something about the others only once
    `allergens_declared` is set: the shop has then looked at all 14.
    """

    allergens_declared = models.BooleanField(
        _("allergens are declared"),
        default=False,
        help_text=_(
            "Tick this once all 14 have been checked. Until then, the menu refers customers to the "
            "staff."
        ),
    )
    contains = marks_of(Allergen, _("contains"))
    may_contain = marks_of(Allergen, _("may contain"))

    class Meta:
        abstract = True

    def clean(self) -> None:
        """Raise ValidationError for an allergen in both lists."""
        super().clean()
        if set(self.contains) & set(self.may_contain):
            raise ValidationError({"may_contain": _("The same allergen cannot be in both lists.")})


def excluded_diets(contains: Sequence[str]) -> set[Diet]:
    """Return the diets that nothing with these allergens is suitable for."""
    return {diet for diet, excluded in EXCLUDED_BY_DIET.items() if excluded & set(contains)}
