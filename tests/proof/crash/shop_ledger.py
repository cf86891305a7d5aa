"""The shop's ledger, read with plain SQL, so that no code of the shop affects it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import class_row, dict_row

NOT_OF_THIS_TERMINAL = [23, 54]  # SEQR's codes: no such payment, no such invoice


@dataclass(frozen=True)
class Order:
    """An order; `id` is the public id."""

    pk: int
    id: str
    state: str
    total: Decimal


@dataclass(frozen=True)
class Invoice:
    """An invoice; `confirmed_by` is the source of the change to PAID, `terminal` its SEQR ID."""

    pk: int
    order_pk: int
    status: str
    amount: Decimal
    currency: str
    reference: str | None
    ers_reference: str | None
    created_at: datetime
    issued_at: datetime | None
    paid_at: datetime | None
    acknowledged_at: datetime | None
    confirmed_by: str | None
    terminal: str = ""


@dataclass(frozen=True)
class Refund:
    """A refund of an invoice."""

    pk: int
    invoice_pk: int
    status: str
    amount: Decimal
    currency: str
    ers_reference: str | None


@dataclass(frozen=True)
class Case:
    """A case about an invoice, a refund, or neither."""

    kind: str
    invoice_pk: int | None
    is_open: bool


@dataclass(frozen=True)
class StateChange:
    """An audit event that records a change of status."""

    subject_type: str
    subject_pk: int
    from_state: str
    to_state: str


@dataclass(frozen=True)
class Pause:
    """A pause of a terminal's payments."""

    terminal: str
    begin: datetime
    end: datetime | None


@dataclass(frozen=True)
class Receipt:
    """A receipt of a payment, or a credit receipt."""

    seller_id: int
    number: int | None
    kind: str
    invoice_id: int
    refund_id: int | None
    amount: Decimal


@dataclass(frozen=True)
class ShopLedger:
    """The shop's rows about money."""

    orders: list[Order]
    invoices: list[Invoice]
    refunds: list[Refund]
    cases: list[Case]
    changes: list[StateChange]
    pauses: list[Pause]
    misdirected_calls: int  # which SEQR refused since another terminal had issued the invoice
    receipts: list[Receipt]


def read_shop_ledger(database_url: str) -> ShopLedger:
    """Return the ledger as it is now."""
    with psycopg.connect(database_url) as connection:

        def rows(kind: type[Any], query: str) -> list[Any]:
            with connection.cursor(row_factory=class_row(kind)) as cursor:
                return cursor.execute(query).fetchall()

        misdirected = connection.execute(
            "SELECT count(*) FROM orders_auditevent"
            " WHERE subject_type = 'call' AND result_code = ANY(%s)",
            [NOT_OF_THIS_TERMINAL],
        ).fetchone()
        assert misdirected is not None
        return ShopLedger(
            rows(Order, "SELECT id AS pk, public_id::text AS id, state, total FROM orders_order"),
            rows(
                Invoice,
                "SELECT i.id AS pk, i.order_id AS order_pk, status, amount, currency,"
                " invoice_reference AS reference, ers_reference,"
                " created_at, issued_at, paid_at, acknowledged_at,"
                " (SELECT source FROM orders_auditevent e WHERE e.subject_type = 'invoice'"
                "  AND e.subject_id = i.id AND e.to_state = 'PAID' ORDER BY e.id DESC LIMIT 1"
                " ) AS confirmed_by, t.principal_id AS terminal"
                " FROM payments_invoice i JOIN orders_terminal t ON t.id = i.terminal_id"
                " ORDER BY i.id",
            ),
            rows(
                Refund,
                "SELECT id AS pk, invoice_id AS invoice_pk, status, amount, currency,"
                " ers_reference FROM payments_refund ORDER BY id",
            ),
            rows(
                Case,
                "SELECT kind, invoice_id AS invoice_pk, closed_at IS NULL AS is_open"
                " FROM payments_moneycase ORDER BY id",
            ),
            rows(
                StateChange,
                "SELECT subject_type, subject_id AS subject_pk, from_state, to_state"
                " FROM orders_auditevent"
                " WHERE to_state <> '' AND subject_type <> 'case' ORDER BY id",
            ),
            rows(
                Pause,
                'SELECT principal_id AS terminal, since AS begin, ended_at AS "end"'
                " FROM payments_paymentpause p JOIN orders_terminal t ON t.id = p.terminal_id"
                " ORDER BY p.id",
            ),
            int(misdirected[0]),
            rows(
                Receipt,
                "SELECT seller_id, number, kind, invoice_id, refund_id, amount"
                " FROM payments_receipt ORDER BY id",
            ),
        )


def pending_work(database_url: str) -> dict[str, int]:
    """Return the number of unfinished rows by kind, empty where there are none."""
    queries = {
        "payments paused": "SELECT count(*) FROM payments_paymentpause WHERE ended_at IS NULL",
        "invoices not ended": "SELECT count(*) FROM payments_invoice"
        " WHERE status NOT IN ('PAID', 'CANCELED', 'FAILED', 'EXPIRED')",
        "payments not acknowledged": "SELECT count(*) FROM payments_invoice"
        " WHERE status = 'PAID' AND acknowledged_at IS NULL",
        "refunds not sent": "SELECT count(*) FROM payments_refund"
        " WHERE status IN ('CREATED', 'SENDING')",
    }
    with psycopg.connect(database_url) as connection:
        found = {what: connection.execute(query).fetchone() for what, query in queries.items()}
    return {what: row[0] for what, row in found.items() if row and row[0]}


def unknown_refunds(database_url: str) -> list[dict[str, Any]]:
    """Return the refunds that staff have to resolve: id, amount, invoice reference."""
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        return connection.execute(
            "SELECT r.id, r.amount, i.invoice_reference FROM payments_refund r"
            " JOIN payments_invoice i ON i.id = r.invoice_id"
            " WHERE r.status = 'UNKNOWN' ORDER BY r.id"
        ).fetchall()


def refund_references(database_url: str) -> set[str]:
    """Return SEQR's references of the shop's refunds."""
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT ers_reference FROM payments_refund WHERE ers_reference IS NOT NULL"
        ).fetchall()
    return {row[0] for row in rows}


def deadlock_count(database_url: str) -> int:
    """Return how many deadlocks PostgreSQL has found since it was last started."""
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT sum(deadlocks) FROM pg_stat_database").fetchone()
    return int(found[0]) if found else 0


def possible_audit_changes(database_url: str) -> list[str]:
    """Return which statements that change the audit the database allows the application's role."""
    done = []
    for what in (
        "UPDATE orders_auditevent SET name = 'never'",
        "DELETE FROM orders_auditevent",
        "TRUNCATE orders_auditevent",
        "ALTER TABLE orders_auditevent DISABLE TRIGGER ALL",
    ):
        with psycopg.connect(database_url) as connection:
            try:
                connection.execute(what)
            except psycopg.errors.InsufficientPrivilege:
                pass
            else:
                done.append(what.split()[0])
            connection.rollback()
    return done
