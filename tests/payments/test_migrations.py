"""Rows of a database from before terminals were rows: each keeps its terminal."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from orders.encryption import decrypt
from tests.database_roles import dropped_afterwards, make_database
from tests.forked_programs import run_forked
from tests.migrated_database import TERMINAL_SETTINGS

pytestmark = pytest.mark.slow

# The migrations after it change nothing about terminals, and take most of the time.
LAST_OF_TERMINALS = ("payments", "0010")
NOW = "2026-11-01T12:00:00Z"
OWN = "public_test_shop_terminal"
FORMER = "a former terminal"
FILLERS = {
    "boolean": False,
    "bigint": 0,
    "integer": 0,
    "smallint": 0,
    "numeric": 1,
    "jsonb": "{}",
    "timestamp with time zone": NOW,
}


class OldDatabase:
    """A database before the migrations, connected as its owner."""

    def __init__(self, address: dict[str, str]) -> None:
        self._address = address
        self._filler = 0

    def migrate(self, *options: str, **given: str) -> subprocess.CompletedProcess[str]:
        command = ["python", "manage.py", "migrate", "--verbosity=0", *options]
        return run_forked(command, {**os.environ, **self._address, **given})

    def insert(self, table: str, **given: Any) -> int:
        """Insert a row, with fillers in the columns that need a value; return its ID."""
        with psycopg.connect(self._address["MIGRATION_DATABASE_URL"]) as owner:
            columns = owner.execute(
                "SELECT column_name, data_type FROM information_schema.columns"
                " WHERE table_name = %s AND is_nullable = 'NO' AND column_default IS NULL"
                " AND is_identity = 'NO'",
                [table],
            ).fetchall()
            values = {name: self._fill(kind) for name, kind in columns} | given
            statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
                sql.Identifier(table),
                sql.SQL(", ").join(map(sql.Identifier, values)),
                sql.SQL(", ").join([sql.Placeholder()] * len(values)),
            )
            row = owner.execute(statement, list(values.values())).fetchone()
        assert row is not None
        return int(row[0])

    def _fill(self, kind: str) -> object:
        self._filler += 1
        if kind == "uuid":
            return f"{self._filler:032}"
        return FILLERS.get(kind, f"{self._filler}"[:3])

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return all rows of a table, by ID."""
        with psycopg.connect(
            self._address["MIGRATION_DATABASE_URL"], row_factory=dict_row
        ) as owner:
            statement = sql.SQL("SELECT * FROM {} ORDER BY id").format(sql.Identifier(table))
            return owner.execute(statement).fetchall()

    def row(self, table: str, pk: int) -> dict[str, Any]:
        """Return a row."""
        return next(row for row in self.rows(table) if row["id"] == pk)


@pytest.fixture(scope="module")
def original(worker_id: str) -> Iterator[str]:
    """The name of a database of the version whose terminal was a setting; tests use copies."""
    name = f"original_{worker_id}"
    with dropped_afterwards(name):
        old = OldDatabase(make_database(name, beside=os.environ["DATABASE_URL"]))
        for app, migration in (("orders", "0007"), ("payments", "0008")):
            done = old.migrate(app, migration)
            assert done.returncode == 0, done.stderr
        yield name


@contextmanager
def copy_of(original: str, name: str) -> Iterator[OldDatabase]:
    """Enter a context with a copy of a database."""
    server = os.environ["DATABASE_URL"]
    with dropped_afterwards(name):
        yield OldDatabase(make_database(name, beside=server, template=original))


@pytest.fixture
def old(original: str, worker_id: str) -> Iterator[OldDatabase]:
    """A database of that version, without rows."""
    with copy_of(original, f"old_{worker_id}") as old:
        yield old


def insert_shop(old: OldDatabase, slug: str) -> int:
    return old.insert("orders_shop", slug=slug, currency="SEK", accent="#7a3412")


def insert_invoice(old: OldDatabase, shop: int) -> int:
    customer = old.insert("orders_customer", msisdn=f"4670000000{shop}")
    order = old.insert(
        "orders_order", shop_id=shop, customer_id=customer, state="sending", currency="SEK"
    )
    return old.insert("payments_invoice", order_id=order, status="SENDING", currency="SEK")


def insert_case(old: OldDatabase, key: str, kind: str = "configuration", **given: Any) -> int:
    return old.insert(
        "payments_moneycase", **{"kind": kind, "key": key, "closing_reason": ""} | given
    )


def insert_period(old: OldDatabase, day: str, terminal: str) -> int:
    return old.insert("payments_transactionperiod", day=day, terminal_id=terminal, status="TO_MARK")


@dataclass(frozen=True)
class Migrated:
    """A migrated database, and the IDs of the rows from before."""

    database: OldDatabase
    shops: list[int]
    invoices: list[int]
    pause: int
    open_case: int
    closed_case: int
    other_case: int
    own_periods: list[int]
    former_periods: list[int]
    period_rows: list[int]  # of the first shop's payment, the second's refund, and of neither


def insert_period_rows(old: OldDatabase, period: int, invoices: list[int]) -> list[int]:
    """Insert a row of the first invoice, one of a refund of the second, and one of neither."""
    clerk = old.insert("auth_user")
    given = {"requested_by_id": clerk, "status": "UNKNOWN", "currency": "SEK"}
    refund = old.insert("payments_refund", invoice_id=invoices[1], **given)
    found: tuple[dict[str, Any], ...] = (
        {"match_result": "sale", "invoice_id": invoices[0]},
        {"match_result": "refund", "refund_id": refund},
        {"match_result": "unknown_sale"},
    )
    return [
        old.insert("payments_periodrow", period_id=period, position=position, **row)
        for position, row in enumerate(found)
    ]


@pytest.fixture(scope="module")
def migrated(original: str, worker_id: str) -> Iterator[Migrated]:
    """A migrated database of two shops, whose terminal was replaced once."""
    with copy_of(original, f"migrated_old_{worker_id}") as old:
        shops = [insert_shop(old, "lyktan"), insert_shop(old, "fyren")]
        closed = {"closed_at": NOW, "closing_reason": "the password was mistyped"}
        invoices = [insert_invoice(old, shop) for shop in shops]
        own_periods = [insert_period(old, f"2026-10-0{day}", OWN) for day in (2, 3)]
        found = Migrated(
            old,
            shops,
            invoices=invoices,
            pause=old.insert("payments_paymentpause", case_id=insert_case(old, "paying")),
            open_case=insert_case(old, "sendInvoice code 20"),
            closed_case=insert_case(old, "sendInvoice code 21", **closed),
            other_case=insert_case(old, "1", kind="amount_differs"),
            own_periods=own_periods,
            former_periods=[insert_period(old, f"2026-10-0{day}", FORMER) for day in (1, 2)],
            period_rows=insert_period_rows(old, own_periods[0], invoices),
        )
        done = old.migrate()
        assert done.returncode == 0, done.stderr
        yield found


def test_terminal_and_seller_of_the_settings_are_stored(migrated: Migrated) -> None:
    terminal = migrated.database.rows("orders_terminal")[0]
    [seller] = migrated.database.rows("orders_seller")

    assert (terminal["principal_id"], terminal["is_from_settings"]) == (OWN, True)
    assert (terminal["seller_id"], terminal["retired_at"]) == (seller["id"], None)
    assert decrypt(terminal["password_ciphertext"]) == "12345678"
    assert (seller["reseller_id"], seller["reseller_user_id"]) == ("public_test_shop", "9900")
    assert decrypt(seller["reseller_password_ciphertext"]) == "1234"


def test_shops_invoices_and_pauses_get_the_terminal_of_the_settings(migrated: Migrated) -> None:
    terminal = migrated.database.rows("orders_terminal")[0]

    for table, ids in (
        ("orders_shop", migrated.shops),
        ("payments_invoice", migrated.invoices),
        ("payments_paymentpause", [migrated.pause]),
    ):
        rows = [migrated.database.row(table, pk) for pk in ids]
        assert {row["terminal_id"] for row in rows} == {terminal["id"]}
    shops = [migrated.database.row("orders_shop", pk) for pk in migrated.shops]
    assert {shop["seller_id"] for shop in shops} == {terminal["seller_id"]}


def test_invoices_and_rows_of_reports_get_the_shop_of_their_order(migrated: Migrated) -> None:
    invoices = [migrated.database.row("payments_invoice", pk) for pk in migrated.invoices]
    rows = [migrated.database.row("payments_periodrow", pk) for pk in migrated.period_rows]

    assert [invoice["shop_id"] for invoice in invoices] == migrated.shops
    assert [row["shop_id"] for row in rows] == [*migrated.shops, None]


def test_open_configuration_case_is_that_of_the_terminal_and_no_other_case_is(
    migrated: Migrated,
) -> None:
    terminal = migrated.database.rows("orders_terminal")[0]

    ids = (migrated.open_case, migrated.closed_case, migrated.other_case)
    cases = [migrated.database.row("payments_moneycase", pk) for pk in ids]
    assert [(case["key"], case["terminal_id"]) for case in cases] == [
        (f"{terminal['id']} sendInvoice code 20", terminal["id"]),
        ("sendInvoice code 21", None),
        ("1", None),
    ]
    pause = migrated.database.row("payments_paymentpause", migrated.pause)
    of_pause = migrated.database.row("payments_moneycase", pause["case_id"])
    assert of_pause["key"] == f"{terminal['id']} paying"


def test_periods_of_a_former_terminal_keep_it_as_a_retired_one(migrated: Migrated) -> None:
    own, former = migrated.database.rows("orders_terminal")

    assert (former["principal_id"], former["is_from_settings"]) == (FORMER, False)
    assert (former["retired_at"] is None, former["password_ciphertext"]) == (False, "")
    assert former["seller_id"] == own["seller_id"]
    periods = migrated.database.rows("payments_transactionperiod")
    assert {period["id"]: period["terminal_id"] for period in periods} == {
        **dict.fromkeys(migrated.own_periods, own["id"]),
        **dict.fromkeys(migrated.former_periods, former["id"]),
    }


def test_periods_from_before_the_first_shop_are_migrated(old: OldDatabase) -> None:
    insert_period(old, "2026-10-01", OWN)

    done = old.migrate()

    assert done.returncode == 0, done.stderr
    [terminal] = old.rows("orders_terminal")
    assert (terminal["principal_id"], terminal["retired_at"]) == (OWN, None)
    assert terminal["is_from_settings"]


def test_shops_need_the_terminal_of_the_settings_once_more(old: OldDatabase) -> None:
    insert_shop(old, "lyktan")

    refused = old.migrate(*LAST_OF_TERMINALS, **dict.fromkeys(TERMINAL_SETTINGS, ""))
    done = old.migrate(*LAST_OF_TERMINALS)

    assert refused.returncode == 1
    assert "SEQR_TERMINAL_ID is missing: the shops in the database" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert done.returncode == 0, done.stderr
