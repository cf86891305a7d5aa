"""The demo's chain of cafés: its menu, with pictures named by article number, and its codes."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

PICTURES = Path(__file__).parent

FOOD, DRINK_OR_GOODS = Decimal(12), Decimal(25)  # Swedish VAT, per cent
FOOD_TO_TAKE_AWAY = Decimal(6)
TIP_PERCENTAGES = [5, 10]


@dataclass(frozen=True)
class Item:
    """A product. The price is in SEK with VAT; `alt` describes its picture."""

    sku: str
    name_sv: str
    name_en: str
    price: str
    vat_rate: Decimal
    alt_sv: str
    alt_en: str


@dataclass(frozen=True)
class Cafe:
    """A café of the chain. `terminal_id` is empty for the terminal that the settings name.

    One that `has_tables` asks whether to eat here or take away, and takes tips.
    """

    name: str
    slug: str
    service_id: str
    terminal_label: str
    terminal_id: str = ""
    has_tables: bool = False


# The seller's fields; the organisation number is no company's.
SELLER = {
    "legal_name": "Lyktan Kaféer AB",
    "organisation_number": "556677-8899",
    "vat_number": "SE556677889901",
    "street": "Hamngatan 1",
    "postal_code": "111 47",
    "city": "Stockholm",
}
FIRST_CAFE = Cafe("Kafé Lyktan", "lyktan", "LYKTAN", "Lyktan, till 1")
SECOND_CAFE = Cafe(
    "Kafé Lyktan Hamnen", "hamnen", "HAMNEN", "Hamnen, till 1", "demo_hamnen", has_tables=True
)

# Each category by its Swedish and its English name, with its products.
MENU = [
    (
        "Kaffe och te",
        "Coffee and tea",
        [
            Item(
                "KAF-01",
                "Bryggkaffe",
                "Filter coffee",
                "32.00",
                FOOD,
                "En vit kopp svart kaffe som ångar",
                "A white cup of steaming black coffee",
            ),
            Item(
                "KAF-02",
                "Cappuccino",
                "Cappuccino",
                "45.00",
                FOOD,
                "En röd kopp med ett hjärta i skummet",
                "A red cup with a heart in the foam",
            ),
            Item(
                "KAF-03",
                "Havrelatte",
                "Oat latte",
                "49.00",
                FOOD,
                "Ett glas latte bredvid ett havreax",
                "A glass of latte beside an ear of oats",
            ),
            Item(
                "TE-01",
                "Te, Earl Grey",
                "Earl Grey tea",
                "34.00",
                FOOD,
                "En vit kopp te med tepåsen över kanten",
                "A white cup of tea, the bag's tag over its rim",
            ),
        ],
    ),
    (
        "Bakverk",
        "Pastries",
        [
            Item(
                "BAK-01",
                "Kanelbulle",
                "Cinnamon bun",
                "35.00",
                FOOD,
                "En snurrad bulle med pärlsocker",
                "A swirled bun with pearl sugar",
            ),
            Item(
                "BAK-02",
                "Kardemummabulle",
                "Cardamom bun",
                "35.00",
                FOOD,
                "En knuten bulle med kardemummakorn",
                "A knotted bun with cardamom seeds",
            ),
            Item(
                "BAK-03",
                "Chokladboll",
                "Chocolate ball",
                "29.00",
                FOOD,
                "Tre mörka bollar med kokos på ett fat",
                "Three dark balls with coconut on a plate",
            ),
            Item(
                "BAK-04",
                "Prinsesstårta, bit",
                "Princess cake, slice",
                "62.00",
                FOOD,
                "En tårtbit under grön marsipan med en rosa ros",
                "A slice under green marzipan with a pink rose",
            ),
        ],
    ),
    (
        "Mat",
        "Food",
        [
            Item(
                "MAT-01",
                "Räksmörgås",
                "Open prawn sandwich",
                "145.00",
                FOOD,
                "Bröd med sallad, ägg, räkor, dill och citron",
                "Bread with lettuce, egg, prawns, dill and lemon",
            ),
            Item(
                "MAT-02",
                "Ostfralla",
                "Cheese roll",
                "48.00",
                FOOD,
                "En fralla med sesamfrön, ost och sallad",
                "A sesame roll with cheese and lettuce",
            ),
        ],
    ),
    (
        "Kalla drycker",
        "Cold drinks",
        [
            Item(
                "DRY-01",
                "Rabarbersaft",
                "Rhubarb cordial",
                "38.50",
                FOOD,
                "Ett glas rosa saft med is, sugrör och en rabarberstjälk",
                "A glass of pink cordial with ice, a straw and a stalk of rhubarb",
            ),
            Item(
                "DRY-02",
                "Lageröl, 33 cl",
                "Lager, 33 cl",
                "69.00",
                DRINK_OR_GOODS,
                "En sejdel ljust öl med högt skum",
                "A tankard of pale beer with a tall head",
            ),
        ],
    ),
    (
        "Att ta med hem",
        "To take home",
        [
            Item(
                "VAR-01",
                "Kaffebönor, 250 g",
                "Coffee beans, 250 g",
                "119.00",
                FOOD,
                "En brun påse med en kaffeböna på etiketten",
                "A brown bag with a coffee bean on its label",
            ),
            Item(
                "VAR-02",
                "Mugg med lykta",
                "Lantern mug",
                "149.00",
                DRINK_OR_GOODS,
                "En mörkblå mugg med en lykta på",
                "A dark blue mug with a lantern on it",
            ),
        ],
    ),
]
SOLD_OUT = "BAK-04"

# Each code's placement, and its parameters for the order page.
CODES = [
    *((f"Table {number}", f"TABLE={number}") for number in range(1, 7)),
    ("Takeaway window", "WHERE=TAKEAWAY"),
]
