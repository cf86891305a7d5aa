"""What a customer of the demo's cafés reads of a product and chooses with it."""

from dataclasses import dataclass

from orders.models import Allergen, Diet

A, D = Allergen, Diet


@dataclass(frozen=True)
class Group:
    """A group of options, from `minimum` to `maximum` of them; each has two names and a price."""

    name_sv: str
    name_en: str
    minimum: int
    maximum: int
    options: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Details:
    """The texts, marks and option groups of a product, by the groups' names in English."""

    description_sv: str = ""
    description_en: str = ""
    ingredients_sv: str = ""
    ingredients_en: str = ""
    contains: tuple[Allergen, ...] = ()
    may_contain: tuple[Allergen, ...] = ()
    diets: tuple[Diet, ...] = ()
    groups: tuple[str, ...] = ()


GROUPS = (
    Group(
        "Storlek",
        "Size",
        1,
        1,
        (("Vanlig", "Regular", "0.00"), ("Stor", "Large", "8.00")),
    ),
    Group(
        "Mjölk",
        "Milk",
        1,
        1,
        (
            ("Mellanmjölk", "Semi-skimmed milk", "0.00"),
            ("Laktosfri mjölk", "Lactose-free milk", "0.00"),
            ("Havremjölk", "Oat milk", "5.00"),
        ),
    ),
    Group(
        "Tillval",
        "Extras",
        0,
        3,
        (
            ("Extra espresso", "Extra shot", "8.00"),
            ("Vaniljsirap", "Vanilla syrup", "6.00"),
            ("Hasselnötssirap", "Hazelnut syrup", "6.00"),
            ("Vispgrädde", "Whipped cream", "6.00"),
        ),
    ),
    Group(
        "Bröd",
        "Bread",
        1,
        1,
        (("Fralla", "White roll", "0.00"), ("Surdeg", "Sourdough", "6.00")),
    ),
    Group(
        "Pålägg",
        "Fillings",
        0,
        6,
        (
            ("Tomat", "Tomato", "0.00"),
            ("Gurka", "Cucumber", "0.00"),
            ("Paprika", "Sweet pepper", "0.00"),
            ("Avokado", "Avocado", "12.00"),
            ("Ägg", "Egg", "10.00"),
            ("Skinka", "Ham", "12.00"),
            ("Brieost", "Brie", "14.00"),
            ("Extra ost", "Extra cheese", "8.00"),
        ),
    ),
)

DETAILS = {
    "KAF-01": Details(
        "Mellanrost från ett rosteri i Göteborg, bryggt varje halvtimme.",
        "Medium roast from a roastery in Gothenburg, brewed every half hour.",
        "Vatten, kaffe.",
        "Water, coffee.",
        diets=(D.VEGAN, D.GLUTEN_FREE, D.LACTOSE_FREE),
    ),
    "KAF-02": Details(
        "Dubbel espresso med varm mjölk och tätt skum.",
        "A double espresso with hot milk and dense foam.",
        "Espresso, mjölk.",
        "Espresso, milk.",
        contains=(A.MILK,),
        diets=(D.VEGETARIAN, D.GLUTEN_FREE),
        groups=("Size", "Milk", "Extras"),
    ),
    "KAF-03": Details(
        "Dubbel espresso med varm havredryck.",
        "A double espresso with hot oat drink.",
        "Espresso, havredryck (vatten, havre, rapsolja, salt).",
        "Espresso, oat drink (water, oats, rapeseed oil, salt).",
        contains=(A.GLUTEN,),
        diets=(D.VEGAN, D.LACTOSE_FREE),
        groups=("Size", "Extras"),
    ),
    "BAK-01": Details(
        "Bakas här varje morgon på smör och färsk kanel.",
        "Baked here every morning with butter and fresh cinnamon.",
        "Vetemjöl, mjölk, smör, socker, kanel, jäst, ägg, salt.",
        "Wheat flour, milk, butter, sugar, cinnamon, yeast, egg, salt.",
        contains=(A.GLUTEN, A.EGGS, A.MILK),
        may_contain=(A.NUTS,),
        diets=(D.VEGETARIAN,),
    ),
    "BAK-03": Details(
        "Rullad för hand i kokos.",
        "Rolled by hand in coconut.",
        "Havregryn, smör, socker, kakao, kaffe, kokos.",
        "Oats, butter, sugar, cocoa, coffee, coconut.",
        contains=(A.GLUTEN, A.MILK),
        may_contain=(A.NUTS, A.SESAME),
        diets=(D.VEGETARIAN,),
    ),
    "BAK-04": Details(
        "Sockerbotten, hallonsylt, vaniljkräm och grädde under grön marsipan.",
        "Sponge, raspberry jam, vanilla custard and cream under green marzipan.",
        "Grädde, ägg, vetemjöl, socker, mandel, hallon, gelatin.",
        "Cream, eggs, wheat flour, sugar, almonds, raspberries, gelatine.",
        contains=(A.GLUTEN, A.EGGS, A.MILK, A.NUTS),
    ),
    "MAT-01": Details(
        "Handskalade räkor på ljust bröd med ägg, majonnäs och dill.",
        "Hand-peeled prawns on white bread with egg, mayonnaise and dill.",
        "Räkor, vetebröd, ägg, majonnäs (rapsolja, äggula, senap), sallad, dill, citron.",
        "Prawns, wheat bread, egg, mayonnaise (rapeseed oil, yolk, mustard), lettuce, dill, lemon.",
        contains=(A.GLUTEN, A.CRUSTACEANS, A.EGGS, A.MUSTARD),
        may_contain=(A.FISH, A.MILK),
    ),
    "MAT-02": Details(
        "Lagrad prästost och sallad, med de pålägg som du väljer.",
        "Mature cheese and lettuce, with the fillings that you choose.",
        "Vetemjöl, ost, smör, sallad, sesamfrön, jäst, salt.",
        "Wheat flour, cheese, butter, lettuce, sesame seeds, yeast, salt.",
        contains=(A.GLUTEN, A.MILK, A.SESAME),
        diets=(D.VEGETARIAN,),
        groups=("Bread", "Fillings"),
    ),
    "DRY-02": Details(
        "Ljus lager, 4,7 %.",
        "Pale lager, 4.7%.",
        "Vatten, kornmalt, humle, jäst.",
        "Water, barley malt, hops, yeast.",
        contains=(A.GLUTEN,),
        diets=(D.VEGAN,),
    ),
}
"""By article number. The shop has not gone through the allergens of the other products."""
