"""Three shops, a row of each of their models, and the persons who may see some of them.

A row has a *place*: the letters of the shops that a person needs to see it, or EVERYWHERE if it
needs all shops. Shop A has a terminal of its own; B and C share one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, Permission, User
from django.db import connection, transaction
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from orders.audit import ChangeSource, by_staff, record_event
from orders.codes.generate import save_qr_code
from orders.models import EventName, Order, Seller, Shop, SourceName, StaffAccess, Terminal
from payments.call_audit import record_call
from payments.cases.cases import (
    close_case,
    open_case,
    open_period_case,
    open_refund_case,
)
from payments.exports.account_plans import plan_of
from payments.models import (
    CaseKind,
    ExportedContent,
    ExportSchedule,
    Invoice,
    LoyaltyCard,
    MatchResult,
    MoneyCase,
    PeriodRow,
    PollShard,
    Refund,
    TransactionPeriod,
)
from payments.refunds.refund import request_refund
from payments.seqr import CallRecord
from tests.factories import (
    CategoryFactory,
    CustomerFactory,
    InvoiceFactory,
    OptionFactory,
    OrderRowFactory,
    ProductFactory,
    SellerFactory,
    ShopFactory,
    TerminalFactory,
)
from tests.grids import TRIES_ALL

EVERYWHERE = "*"
NAMES = {"A": "Apoteket", "B": "Bageriet", "C": "Cirkusen"}
MSISDN = "46701234567"  # of a customer who buys in every shop
BY_TEST = ChangeSource(SourceName.POLLER)


@dataclass(frozen=True)
class Person:
    """A person at the admin: EVERYWHERE for all shops, else the letters of the person's shops."""

    shops: str
    has_permissions: bool = True
    is_superuser: bool = False

    def sees(self, place: str) -> bool:
        """Return whether a row at this place is one of the person's shops' own."""
        return self.has_all or (place != EVERYWHERE and set(place) <= set(self.shops))

    @property
    def has_all(self) -> bool:
        """Whether the person has all shops."""
        return self.shops == EVERYWHERE


PERSONS = {
    "superuser": Person(EVERYWHERE, is_superuser=True),
    "person_of_all_shops": Person(EVERYWHERE),
    "person_of_shop_a": Person("A"),
    "person_of_shops_a_and_b": Person("AB"),
    "person_of_shops_b_and_c": Person("BC"),
    "person_of_no_shop": Person(""),
    "person_without_permission": Person(EVERYWHERE, has_permissions=False),
    "person_of_shop_a_without_permission": Person("A", has_permissions=False),
}
CELLS_PER_TRIED = 6


@dataclass
class World:
    """The shops by their letters, and the rows of each model with their places."""

    shops: dict[str, Shop] = field(default_factory=dict)
    rows: dict[type[Model], list[tuple[str, Any]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, place: str, *rows: Model) -> None:
        """Add rows at a place."""
        for row in rows:
            self.rows[type(row)].append((place, row))

    def row(self, model: type[Model], place: str) -> Any:
        """Return the first row of a model at a place."""
        return next(row for where, row in self.rows[model] if where == place)


def make_world() -> World:
    """Store the shops and their rows."""
    world = World()
    clerk = User.objects.create_user("clerk")
    customer = CustomerFactory.create(msisdn=MSISDN)
    alone = _terminal("terminal-1")
    shared = _terminal("terminal-2")
    for letter, terminal in (("A", alone), ("B", shared), ("C", shared)):
        shop = ShopFactory.create(
            name=NAMES[letter],
            slug=NAMES[letter].lower(),
            service_id=NAMES[letter].upper(),
            terminal=terminal,
        )
        world.shops[letter] = shop
        _add_shop(world, letter, clerk, customer)
    _add_terminal(world, "A", alone)
    _add_terminal(world, "BC", shared)
    _add_terminal(world, EVERYWHERE, _terminal("terminal-of-no-shop"))
    _add_period_of_a_shop_that_left(world, alone)
    _add_rows_of_all_shops(world, clerk)
    for events in (row.events.all() for _, row in world.rows[Order]):
        for event in events:
            letter = next(place for place, row in world.rows[Order] if row.pk == event.order_id)
            world.add(letter, event)
    return world


def _terminal(principal_id: str) -> Terminal:
    terminal: Terminal = TerminalFactory.create(
        principal_id=principal_id, seller=SellerFactory.create()
    )
    return terminal


def _add_shop(world: World, letter: str, clerk: User, customer: Any) -> None:
    shop, name = world.shops[letter], NAMES[letter]
    category = CategoryFactory.create(shop=shop, name_sv=f"{name}s mat", name_en=f"{name} food")
    product = ProductFactory.create(
        shop=shop, category=category, name_sv=f"{name}s bulle", name_en=f"{name} bun", sku=name
    )
    invoice = InvoiceFactory.create(paid=True, order__shop=shop, order__customer=customer)
    OrderRowFactory.create(order=invoice.order, product=product)
    with transaction.atomic():
        refund, _ = request_refund(
            invoice.pk, Decimal(1), f"{name} was closed", by_staff(clerk), f"nonce-{letter}"
        )
        Refund.objects.filter(pk=refund.pk).update(
            status="REQUESTED", approval_reason="daily_limit"
        )
        open_refund_case(refund, BY_TEST, f"{name} has no answer")
    record_call(CallRecord("refundPayment", f"call-of-{name}", 12, 51), invoice.order_id, BY_TEST)
    code = save_qr_code(shop, f"{name} table", "TABLE=4", clerk)
    option = OptionFactory.create(
        group__shop=shop,
        group__name_sv=f"{name}s val",
        group__name_en=f"{name} choice",
        name_sv=f"{name}s smör",
        name_en=f"{name} butter",
    )
    option.group.products.add(product)
    world.add(letter, shop, category, product, code, option, option.group)
    world.add(letter, invoice.order, invoice, Refund.objects.get(pk=refund.pk))
    world.add(letter, MoneyCase.objects.get(refund=refund))


def _add_terminal(world: World, place: str, terminal: Terminal) -> None:
    """Add a terminal's period with a row, and a case about each."""
    words = " and ".join(NAMES[letter] for letter in place if letter in NAMES)
    period = TransactionPeriod.objects.create(day=date(2026, 11, 23), terminal=terminal)
    row = PeriodRow.objects.create(
        period=period,
        position=1,
        match_result=MatchResult.UNKNOWN_SALE,
        amount=10,
        ers_reference=f"row-of-{words}".replace(" ", "-"),
    )
    open_period_case(CaseKind.REPORT_DIFFERS, period, BY_TEST, f"{words} differ")
    case = open_case(
        CaseKind.CONFIGURATION,
        BY_TEST,
        f"{words} are refused",
        terminal_id=terminal.pk,
        key=str(terminal.pk),
    )
    assert case is not None
    world.add(place, period, row, MoneyCase.objects.get(period=period), case)


def _add_period_of_a_shop_that_left(world: World, terminal: Terminal) -> None:
    """Add an older period of shop A's terminal, with a sale of B, which has left it since."""
    period = TransactionPeriod.objects.create(day=date(2026, 11, 22), terminal=terminal)
    row = PeriodRow.objects.create(
        period=period,
        position=1,
        match_result=MatchResult.SALE,
        amount=45,
        ers_reference=f"old-row-of-{NAMES['B']}",
        invoice=world.row(Invoice, "B"),
        shop=world.shops["B"],
    )
    world.add("AB", period, row)


def _add_rows_of_all_shops(world: World, clerk: User) -> None:
    names = " and ".join(NAMES.values())
    held = open_case(CaseKind.REFUNDS_HELD, BY_TEST, f"{names} wait", key="refunds")
    assert held is not None
    close_case(held.pk, BY_TEST, f"{names} go on")
    held.refresh_from_db()
    period = world.row(TransactionPeriod, "A")
    record_event(period, EventName.PERIOD_MARKED, BY_TEST, detail=f"of {NAMES['A']}")
    record_call(CallRecord("getClientSessionInfo", f"call of {NAMES['B']}", 3, 0), None, BY_TEST)
    now = timezone.now()
    shard = PollShard.objects.create(
        number=0, count=settings.SEQR_POLL_SHARDS, round_started_at=now, oldest_answer_at=now
    )
    card = LoyaltyCard.objects.create(number_digest="0", percent=10)
    group = Group.objects.create(name=f"Staff of {names}")
    schedule = ExportSchedule.objects.create(
        content=ExportedContent.ORDERS,
        seller=Seller.objects.get(),
        recipient="books@example.se",
        next_first=now.date(),
        created_by=clerk,
    )
    world.add(EVERYWHERE, *map(plan_of, Seller.objects.all()), schedule)
    world.add(EVERYWHERE, held, shard, card, clerk, group)
    world.add(EVERYWHERE, *Seller.objects.all(), *Terminal.objects.all())
    audit = apps.get_model("orders", "AuditEvent").objects
    world.add(EVERYWHERE, *audit.filter(order=None))


def browser_of(person: Person, world: World) -> Client:
    """Return the browser of a person, who has every permission, or none but the staff's own."""
    user = User.objects.create_user("browser", is_staff=True, is_superuser=person.is_superuser)
    if person.has_permissions and not person.is_superuser:
        user.user_permissions.set(Permission.objects.all())
    if person.shops and not person.is_superuser:
        access = StaffAccess.objects.create(user=user, all_shops=person.has_all)
        access.shops.set(world.shops[letter] for letter in person.shops if letter in NAMES)
    client = Client()
    client.force_login(user)
    return client


def rows_of_cell(number: int, rows: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Return the rows that a cell of a grid tries, of those given with their places.

    `make proof` tries all of them. `make test` tries one, in turn: another for the next cell.
    """
    if not rows or TRIES_ALL:
        return rows
    return [rows[number // CELLS_PER_TRIED % len(rows)]]


def turn_of(person: Person) -> int:
    """Return the number from which a person's cells count, so that each tries others."""
    return list(PERSONS.values()).index(person)


def foreign_names(person: Person, world: World, text: str) -> list[str]:
    """Return the names of others' shops that a text has; each row of a shop has its name."""
    if person.has_all:
        return []
    return [
        name
        for letter, name in NAMES.items()
        if letter not in person.shops and name.lower() in text.lower()
    ]


def stored() -> dict[str, str]:
    """Return every row of the shop by its table, to see that a request changes none."""
    with connection.cursor() as cursor:
        cursor.execute(_statement_that_reads_all())
        return dict(cursor.fetchall())


@cache
def _statement_that_reads_all() -> str:
    models: list[type[Model]] = [Group, User]
    for app in ("orders", "payments"):
        models += apps.get_app_config(app).get_models()
    rows = "string_agg(each::text, '\n' ORDER BY each::text)"
    return " UNION ALL ".join(
        f"SELECT '{table}', {rows} FROM {table} AS each"  # noqa: S608 - names of our own
        for table in (model._meta.db_table for model in models)
    )


@contextmanager
def undone() -> Iterator[None]:
    """Undo what the block changes."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
