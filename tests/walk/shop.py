"""The shop that is walked through: the demo's first café, with all that a shop may switch on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.browser.stack import Stack
from tests.browser.start_states import SECOND_SHOP

ASK = "UPDATE orders_shop SET asks_dining = %s, tip_percentages = %s WHERE slug = 'lyktan'"
# Enough products for the search; their numbers keep them apart.
ADD_PRODUCTS = """
    INSERT INTO orders_product SELECT (jsonb_populate_record(product, jsonb_build_object(
        'id', 900000 + number, 'sku', 'EXTRA-' || number, 'position', 900 + number,
        'name_sv', 'Semla nummer ' || number, 'name_en', 'Semla number ' || number))).*
    FROM orders_product product, generate_series(1, 8) AS number
    WHERE sku = 'BAK-02' AND shop_id = (SELECT id FROM orders_shop WHERE slug = 'lyktan')
"""
# A product of another shop.
PRODUCT_ELSEWHERE = 999_999
ADD_PRODUCT_ELSEWHERE = """
    INSERT INTO orders_product SELECT (jsonb_populate_record(product, jsonb_build_object(
        'id', %s, 'shop_id', (SELECT id FROM orders_shop WHERE slug = 'baren'), 'category_id', null
        ))).* FROM orders_product product WHERE sku = 'BAK-01'
"""
REMOVE_PRODUCT_ELSEWHERE = "DELETE FROM orders_product WHERE id = %s"
REMOVE_SHOP = "DELETE FROM orders_shop WHERE slug = 'baren'"
REMOVE_PRODUCTS = "DELETE FROM orders_product WHERE sku LIKE 'EXTRA-%%'"
PAUSE = """
    UPDATE orders_shop SET paused = %s, pause_note_sv = 'Vi är tillbaka klockan två.',
        pause_note_en = 'We are back at two o''clock.' WHERE slug = 'lyktan'
"""
CHANGE = "UPDATE orders_product SET sold_out = %s, price = %s WHERE sku = %s"


@contextmanager
def well_equipped(stack: Stack) -> Iterator[None]:
    """Let the shop ask where one eats and take tips, and give it a long menu."""
    stack.write(ASK, True, [5, 10])
    stack.write(ADD_PRODUCTS)
    try:
        yield
    finally:
        stack.write(REMOVE_PRODUCTS)
        stack.write(ASK, False, [])


@contextmanager
def paused(stack: Stack) -> Iterator[None]:
    """Pause the shop."""
    stack.write(PAUSE, True)
    try:
        yield
    finally:
        stack.write(PAUSE, False)


@contextmanager
def changed_menu(stack: Stack) -> Iterator[None]:
    """Sell out the filter coffee, and make the cinnamon bun dearer."""
    stack.write(CHANGE, True, "32.00", "KAF-01")
    stack.write(CHANGE, False, "37.00", "BAK-01")
    try:
        yield
    finally:
        stack.write(CHANGE, False, "32.00", "KAF-01")
        stack.write(CHANGE, False, "35.00", "BAK-01")


@contextmanager
def another_shop(stack: Stack) -> Iterator[None]:
    """Let another shop sell a product."""
    stack.write(SECOND_SHOP)
    stack.write(ADD_PRODUCT_ELSEWHERE, PRODUCT_ELSEWHERE)
    try:
        yield
    finally:
        stack.write(REMOVE_PRODUCT_ELSEWHERE, PRODUCT_ELSEWHERE)
        stack.write(REMOVE_SHOP)
