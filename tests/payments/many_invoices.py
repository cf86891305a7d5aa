"""Many invoices, as a busy shop has them after a while: nearly all of them ended."""

from django.db import connection

from tests.factories import CustomerFactory, ShopFactory

FIRST_ID = 100_000


def insert_invoices(*, ended: int, open_at_seqr: int, first_id: int = FIRST_ID) -> None:
    """Insert orders with an invoice each, the open ones first; PostgreSQL's statistics stay."""
    shop, customer = ShopFactory.create(), CustomerFactory.create()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO orders_order (id, public_id, return_key, shop_id, customer_id, nonce,
                                      parameters, language, state, total, currency, note,
                                      dining)
            SELECT n, gen_random_uuid(), n::text, %s, %s, n::text, '{}', 'sv', 'paid', 45, 'SEK',
                '', ''
            FROM generate_series(%s, %s) AS n
            """,
            [shop.pk, customer.pk, first_id, first_id + ended + open_at_seqr - 1],
        )
        cursor.execute(
            """
            INSERT INTO payments_invoice (id, order_id, shop_id, terminal_id, attempt, status,
                amount, currency, invoice_reference, invoice_qr_code, invoice_version, notify_key,
                loyalty_scheme, discount_unconfirmed, cancel_reason, payment_reference,
                paid_currency, partially_paid, possibly_reversed, receipt_attempts,
                receipt_refusals, issued_at)
            SELECT id, id, shop_id, %s, 1, CASE WHEN id < %s THEN 'ISSUED' ELSE 'CANCELED' END, 45,
                'SEK', id::text, '', 0, id::text, '', false, '', '', '', false, false, 0, 0, now()
            FROM orders_order WHERE id >= %s
            """,
            [shop.terminal_id, first_id + open_at_seqr, first_id],
        )
        cursor.execute("DISCARD PLANS")  # of the foreign keys' checks, made for small tables
