"""How many payments, refunds and reversals each shop has ever had, by its receipts."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

# One statement, and so one snapshot: no receipt is missed or counted twice while it is counted.
_TOTALS = """
    WITH counted AS (
        SELECT shop_id, sum(payments) AS payments, sum(refunds) AS refunds,
            sum(reversals) AS reversals
        FROM payments_takingsday GROUP BY shop_id
    ), later AS (
        SELECT i.shop_id, count(*) FILTER (WHERE r.kind = 'payment') AS payments,
            count(*) FILTER (WHERE r.kind = 'refund') AS refunds,
            count(*) FILTER (WHERE r.kind = 'reversal') AS reversals
        FROM orders_seller s
            LEFT JOIN payments_takingscursor c ON c.seller_id = s.id
            JOIN payments_receipt r ON r.seller_id = s.id AND r.number > coalesce(c.last_number, 0)
            JOIN payments_invoice i ON i.id = r.invoice_id
        GROUP BY i.shop_id
    )
    SELECT shop.slug, coalesce(counted.payments, 0) + coalesce(later.payments, 0),
        coalesce(counted.refunds, 0) + coalesce(later.refunds, 0),
        coalesce(counted.reversals, 0) + coalesce(later.reversals, 0)
    FROM orders_shop shop
        LEFT JOIN counted ON counted.shop_id = shop.id
        LEFT JOIN later ON later.shop_id = shop.id
    ORDER BY shop.slug
"""


@dataclass(frozen=True)
class ShopTotals:
    """The receipts of a shop, named by its slug, by kind. None of the numbers ever falls."""

    shop: str
    payments: int
    refunds: int
    reversals: int


def read_totals() -> list[ShopTotals]:
    """Return the totals of each shop: what the takings have counted, and the receipts since."""
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS)
        return [ShopTotals(shop, *map(int, counts)) for shop, *counts in cursor.fetchall()]
