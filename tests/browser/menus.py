"""Menus that the demo's shop does not have: with options, allergens, or many products."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from copy import deepcopy
from http import HTTPStatus
from typing import Any
from weakref import WeakKeyDictionary

from playwright.sync_api import Page

from tests.undescribed_product import UNDESCRIBED

Session = dict[str, Any]

_changes: WeakKeyDictionary[Page, Callable[[Session], None] | None] = WeakKeyDictionary()

GLUTEN = {"key": "gluten", "name": "gluten"}
MILK = {"key": "milk", "name": "milk"}
NUTS = {"key": "nuts", "name": "nuts"}
SOY = {"key": "soybeans", "name": "soybeans"}


def _option(
    number: int, name: str, price: str, *contains: dict[str, str], **marks: Any
) -> dict[str, Any]:
    """Return an option whose allergens are declared."""
    allergens = {"declared": True, "contains": list(contains), "may_contain": []}
    option = {"id": number, "name": name, "price": price, "sold_out": False}
    return {**option, "allergens": allergens, "unsuitable_for": [], **marks}


LATTE_GROUPS = [
    {
        "id": 51,
        "name": "Milk",
        "min": 1,
        "max": 1,
        "options": [
            _option(511, "Whole milk", "0.00", MILK, unsuitable_for=["vegan"]),
            _option(512, "Oat milk", "5.00", GLUTEN),
            _option(513, "Soy milk", "5.00", SOY, sold_out=True),
        ],
    },
    {
        "id": 52,
        "name": "Extras",
        "min": 0,
        "max": 2,
        "options": [
            _option(521, "Vanilla syrup", "4.00"),
            _option(522, "Caramel syrup", "4.00", allergens=UNDESCRIBED["allergens"]),
            _option(523, "Extra shot", "8.50"),
        ],
    },
]
CHANGES: dict[str, dict[str, Any]] = {
    "Oat latte": {
        "option_groups": LATTE_GROUPS,
        "allergens": {"declared": True, "contains": [], "may_contain": [NUTS]},
        "diet": [{"key": "vegan", "name": "vegan"}],
    },
    "Cinnamon bun": {
        "description": "Baked at five this morning, with butter and pearl sugar.",
        "ingredients": "wheat flour, milk, butter, sugar, cinnamon, cardamom, yeast, salt",
        "allergens": {"declared": True, "contains": [GLUTEN, MILK], "may_contain": [NUTS]},
        "diet": [{"key": "vegetarian", "name": "Vegetarian"}],
    },
    "Filter coffee": {"allergens": {"declared": True, "contains": [], "may_contain": []}},
}
SWEDISH = {"Havrelatte": "Oat latte", "Kanelbulle": "Cinnamon bun", "Bryggkaffe": "Filter coffee"}
DINING = [{"key": "eat_here", "name": "Eat here"}, {"key": "take_away", "name": "Take away"}]


def change_session(page: Page, change: Callable[[Session], None]) -> None:
    """Let the page receive a changed session from now on.

    `page.route` would hold up every request of the page, and turn off its cache.
    """
    is_first = page not in _changes
    _changes[page] = change
    if not is_first:
        return
    devtools = page.context.new_cdp_session(page)

    def answer(event: dict[str, Any]) -> None:
        request = {"requestId": event["requestId"]}
        change = _changes[page]
        if change is None or event.get("responseStatusCode") != HTTPStatus.OK:
            devtools.send("Fetch.continueRequest", request)
            return
        body = devtools.send("Fetch.getResponseBody", request)
        text = b64decode(body["body"]) if body["base64Encoded"] else body["body"]
        session = json.loads(text)
        change(session)
        changed = {
            "responseCode": HTTPStatus.OK,
            "responseHeaders": [
                each
                for each in event["responseHeaders"]
                if each["name"].lower() not in {"content-encoding", "content-length"}
            ],
            "body": b64encode(json.dumps(session).encode()).decode(),
        }
        devtools.send("Fetch.fulfillRequest", request | changed)

    devtools.on("Fetch.requestPaused", answer)
    pattern = {"urlPattern": "*/lyktan/session", "requestStage": "Response"}
    devtools.send("Fetch.enable", {"patterns": [pattern]})


def keep_session(page: Page) -> None:
    """Let the page receive the session as it is again."""
    if page in _changes:
        _changes[page] = None


def with_options(session: Session) -> None:
    """Give some products what the shop may say of them, and one of them options."""
    for product in session["products"]:
        name = SWEDISH.get(product["name"], product["name"])
        product.update(deepcopy(UNDESCRIBED | CHANGES.get(name, {})))
    session["shop"] |= {"dining": [], "tip_percentages": []}


def with_questions(session: Session) -> None:
    """Let the shop ask also where the customer eats, and offer tips."""
    with_options(session)
    session["shop"] |= {"dining": DINING, "tip_percentages": ["5", "10"]}


def with_problems(session: Session) -> None:
    """Let the basket's products be sold out, changed or dearer than they were."""
    with_questions(session)
    coffee, latte, bun = (session["products"][number] for number in (0, 2, 4))
    coffee["sold_out"] = True
    latte["option_groups"][0]["options"][1]["sold_out"] = True
    bun["price"] = "37.00"


def with_many_products(session: Session) -> None:
    """Give the menu 20 products."""
    with_options(session)
    cake = session["products"][-1] | {"category": None, "sold_out": False, "picture": None}
    for number in range(len(session["products"]), 20):
        name = f"Crème brûlée {number}"
        session["products"].append(cake | {"id": 90_000 + number, "name": name})


def product_in(session: Session, name: str) -> dict[str, Any]:
    """Return the product of this name."""
    [product] = [each for each in session["products"] if each["name"] == name]
    return dict(product)
