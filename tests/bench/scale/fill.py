"""Fills an empty database with a year of orders: the same rows for the same number of orders.

Each order has 2 rows, an invoice and 12 events. Some have refunds; each payment and each refund is
in the report of its day. Choices depend on a row's number and SEED alone.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.color import no_style
from django.db import connection
from django.utils import timezone
from psycopg import sql

from orders.codes.generate import save_qr_code
from orders.models import Category, Product, Shop, Terminal
from payments.takings.activity import update_activity
from payments.takings.update import update_takings

SEED = 15
BATCH_ORDERS = 50_000  # in one transaction
SHOPS = 12
TERMINALS = 3
PRODUCTS = 30  # of each shop
TABLES = 30  # of each shop, with a code each
COUNT_SECONDS = 1800
BUSY_SHOP, LARGE_SHOP, IDLE_SHOP, SMALL_SHOP = "busy", "large", "idle", "small"
NAMED_SHOPS = (BUSY_SHOP, LARGE_SHOP, IDLE_SHOP, SMALL_SHOP)
STATEMENTS = Path(__file__).with_name("fill.sql")


def fill(
    owner: psycopg.Connection[tuple[object, ...]], orders: int, *, counts_activity: bool = True
) -> None:
    """Fill the database; `owner` may leave out the checks of foreign keys.

    The activity of each hour takes minutes to count; the dashboard shows it.
    """
    clerk = User.objects.create_user("clerk", is_staff=True)
    _create_shops()
    parts = dict(_parts(STATEMENTS.read_text()))
    values = {
        "seed": sql.Literal(SEED),
        "filled_at": sql.Literal(timezone.now().replace(microsecond=0)),
        "shops": sql.Literal(SHOPS),
        "terminals": sql.Literal(TERMINALS),
        "products": sql.Literal(PRODUCTS),
        "clerk": sql.Literal(clerk.pk),
        "orders": sql.Literal(orders),
        "customers": sql.Literal(max(orders // 5, 1)),
    }
    owner.execute("SET session_replication_role = replica")  # the rows are known to be complete
    owner.execute(sql.SQL(parts.pop("functions")).format(**values))
    owner.execute(sql.SQL(parts.pop("once")).format(**values))
    indexes = _drop_indexes(owner)
    for first in range(1, orders + 1, BATCH_ORDERS):
        last = min(first + BATCH_ORDERS - 1, orders)
        with owner.transaction():
            for statements in parts.values():
                batch = {"first": sql.Literal(first), "last": sql.Literal(last)}
                owner.execute(sql.SQL(statements).format(**values, **batch))
        sys.stdout.write(f"\r{last:,} of {orders:,} orders")
        sys.stdout.flush()
    sys.stdout.write("\n")
    for definition in indexes:
        owner.execute(definition.encode())
    _set_sequences(owner)
    owner.execute("VACUUM ANALYZE")
    sys.stdout.write("Counting the takings and the activity\n")
    update_takings()
    if counts_activity:
        update_activity(COUNT_SECONDS)
    owner.execute("VACUUM ANALYZE")


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the statements of each part, which begins with a line `-- part: name`."""
    for part in text.split("-- part: ")[1:]:
        name, _, statements = part.partition("\n")
        yield name, statements


def _create_shops() -> None:
    terminals = [Terminal.objects.get(principal_id=settings.SEQR_TERMINAL_ID)]
    seller = terminals[0].seller
    for number in range(2, TERMINALS + 1):
        terminal = Terminal(
            pk=number,
            seller=seller,
            principal_id=f"terminal-{number}",
            label=f"Till {number}",
        )
        terminal.password = settings.SEQR_TERMINAL_PASSWORD
        terminal.save()
        terminals.append(terminal)
    for number in range(1, SHOPS + 1):
        name = NAMED_SHOPS[number - 1] if number <= len(NAMED_SHOPS) else f"shop-{number}"
        shop = Shop.objects.create(
            pk=number,
            name=name.capitalize(),
            slug=name,
            service_id=name.upper(),
            seller=seller,
            terminal=terminals[number % TERMINALS],
        )
        category = Category.objects.create(shop=shop, name_sv="Bakverk", name_en="Pastries")
        Product.objects.bulk_create(
            Product(
                pk=number + SHOPS * position,
                shop=shop,
                category=category,
                name_sv=f"Kanelbulle {position + 1}",
                name_en=f"Cinnamon bun {position + 1}",
                price=45,
                vat_rate=12,
            )
            for position in range(PRODUCTS)
        )
        for table in range(1, TABLES + 1):
            save_qr_code(shop, f"Table {table}", f"TABLE={table}", None)


def _drop_indexes(owner: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    """Drop the indexes that are no constraint's, and return their definitions."""
    found = owner.execute(
        """
        SELECT indexrelid::regclass::text,
            replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ')
        FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
        WHERE relnamespace = 'public'::regnamespace AND NOT relispartition
            AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
        """
    ).fetchall()
    for name, _ in found:
        owner.execute(f"DROP INDEX {name}".encode())
    return [str(definition) for _, definition in found]


def _set_sequences(owner: psycopg.Connection[tuple[object, ...]]) -> None:
    """Let new rows follow those that were inserted with their IDs."""
    models = [
        model for name in ("orders", "payments") for model in apps.get_app_config(name).get_models()
    ]
    for statement in connection.ops.sequence_reset_sql(no_style(), models):
        owner.execute(statement.encode())
