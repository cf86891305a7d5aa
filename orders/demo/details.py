"""What a customer of the demo's cafés reads of a product and chooses with it."""

from dataclasses import dataclass

from orders.models import Allergen, Diet

A, D = Allergen, Diet


@dataclass(frozen=True)
class Choice:
    """An option, with what it adds to a product, and the diets that it keeps a product from."""

    name_sv: str
    name_en: str
    price: str = "0.00"
    contains: tuple[Allergen, ...] = ()
    may_contain: tuple[Allergen, ...] = ()
    unsuitable_for: tuple[Diet, ...] = ()


@dataclass(frozen=True)
class Group:
    """A group of options, from `minimum` to `maximum` of them."""

    name_sv: str
    name_en: str
    minimum: int
    maximum: int
    options: tuple[Choice, ...]


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
    Group("Storlek", "Size", 1, 1, (Choice("Vanlig", "Regular"), Choice("Stor", "Large", "8.00"))),
    Group(
        "Mjölk",
        "Milk",
        1,
        1,
        (
            Choice("Mellanmjölk", "Semi-skimmed milk", contains=(A.MILK,)),
            Choice("Laktosfri mjölk", "Lactose-free milk", contains=(A.MILK,)),
            Choice("Havremjölk", "Oat milk", "5.00", contains=(A.GLUTEN,)),
            Choice("Sojamjölk", "Soy milk", "5.00", contains=(A.SOYBEANS,)),
            Choice("Mandelmjölk", "Almond milk", "5.00", contains=(A.NUTS,)),
        ),
    ),
    Group(
        "Tillval",
        "Extras",
        0,
        3,
        (
            Choice("Extra espresso", "Extra shot", "8.00"),
            Choice("Vaniljsirap", "Vanilla syrup", "6.00"),
            Choice("Hasselnötssirap", "Hazelnut syrup", "6.00", may_contain=(A.NUTS,)),
            Choice(
                "Vispgrädde",
                "Whipped cream",
                "6.00",
                contains=(A.MILK,),
                unsuitable_for=(D.LACTOSE_FREE,),
            ),
        ),
    ),
    Group(
        "Bröd",
        "Bread",
        1,
        1,
        (
            Choice("Fralla", "White roll", contains=(A.GLUTEN,)),
            Choice("Surdeg", "Sourdough", "6.00", contains=(A.GLUTEN,), may_contain=(A.NUTS,)),
        ),
    ),
    Group(
        "Pålägg",
        "Fillings",
        0,
        6,
        (
            Choice("Tomat", "Tomato"),
            Choice("Gurka", "Cucumber"),
            Choice("Paprika", "Sweet pepper"),
            Choice("Avokado", "Avocado", "12.00"),
            Choice("Ägg", "Egg", "10.00", contains=(A.EGGS,)),
            Choice("Skinka", "Ham", "12.00", unsuitable_for=(D.VEGAN, D.VEGETARIAN)),
            Choice("Brieost", "Brie", "14.00", contains=(A.MILK,)),
            Choice("Extra ost", "Extra cheese", "8.00", contains=(A.MILK,)),
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
        "Espresso, mjölk som du väljer.",
        "Espresso, the milk that you choose.",
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
