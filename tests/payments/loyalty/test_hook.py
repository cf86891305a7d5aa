"""LOYALTY_HOOK: broken hooks, hooks that never return, and the secrecy of card numbers."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from pytest_django import Settings

from orders.models import AuditEvent
from payments.loyalty.hook import MAX_HOOK_THREADS, Discount, HookFailed, discounts_for, find_hook
from payments.models import InvoiceStatus
from tests.factories import OrderRowFactory, TipRowFactory
from tests.payments.loyalty import hooks
from tests.payments.loyalty.steps import (
    answer_cards,
    answer_without_response,
    seqr_state,
    waiting_invoice,
)
from tests.payments.steps import invoice_in, order_state, reference, refresh
from tests.sandbox_process import SandboxProcess

D = Decimal
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("hook", "error"),
    [
        ("raises", "raised KeyError at hooks.py, line"),
        ("returns_card", "something other than discounts"),
        ("returns_number", "raised TypeError"),
        ("discounts_float", "raised ValueError"),
        ("discounts_everything", "leaves nothing to pay"),
        ("discounts_more_than_everything", "more than was bought"),
        ("discounts_other_vat_rate", "more than was bought"),
        ("never_returns", "took longer than"),
    ],
)
@pytest.mark.usefixtures("short_hook_timeout")
def test_broken_hook_costs_discount_but_no_payment(
    sandbox: SandboxProcess, settings: Settings, hook: str, error: str
) -> None:
    settings.LOYALTY_HOOK = f"tests.payments.loyalty.hooks.{hook}"
    invoice = waiting_invoice(sandbox)

    answer_cards(invoice)
    sandbox.pay(reference(invoice))
    refresh(invoice)

    assert error in AuditEvent.objects.get(name="loyalty_hook_failed").detail
    assert seqr_state(sandbox, invoice) == ("PAID", "45.00", [99])
    assert order_state(invoice) == "paid"


@pytest.mark.parametrize(
    ("hook", "reason"),
    [
        (
            "payments.nowhere.hook",
            "LOYALTY_HOOK cannot be imported: No module named 'payments.nowhere'.",
        ),
        (
            "tests.payments.loyalty.hooks.not_a_function",
            "LOYALTY_HOOK names something that is not a function.",
        ),
    ],
)
def test_unusable_hook_is_refused_with_the_reason(
    settings: Settings, hook: str, reason: str
) -> None:
    settings.LOYALTY_HOOK = hook

    with pytest.raises(ImproperlyConfigured) as refused:
        find_hook()

    assert str(refused.value) == reason


@pytest.mark.usefixtures("short_hook_timeout")
def test_hooks_that_never_return_occupy_limited_threads(
    sandbox: SandboxProcess, settings: Settings
) -> None:
    settings.LOYALTY_HOOK = "tests.payments.loyalty.hooks.never_returns"
    invoices = [waiting_invoice(sandbox) for _ in range(MAX_HOOK_THREADS + 1)]

    for invoice in invoices:
        answer_cards(invoice)

    events = AuditEvent.objects.filter(name="loyalty_hook_failed").order_by("id")
    *timeouts, last = [event.detail for event in events]
    assert ["took longer" in timeout for timeout in timeouts] == [True] * MAX_HOOK_THREADS
    assert f"has not returned from {MAX_HOOK_THREADS} earlier calls" in last
    assert seqr_state(sandbox, invoices[-1]) == ("ISSUED", "45.00", [99])


def test_discount_of_the_tip_is_refused(settings: Settings) -> None:
    settings.LOYALTY_HOOK = "tests.payments.loyalty.hooks.discounts_the_tip"
    order = invoice_in(InvoiceStatus.ISSUED).order
    OrderRowFactory.create(order=order)
    TipRowFactory.create(order=order, unit_price=D("10.00"))

    with pytest.raises(HookFailed, match="more than was bought at a VAT rate"):
        discounts_for(order, "card")


def test_hook_that_reads_the_database_keeps_no_connection(settings: Settings) -> None:
    settings.LOYALTY_HOOK = "tests.payments.loyalty.hooks.reads_the_database"
    order = invoice_in(InvoiceStatus.ISSUED).order

    answers = [discounts_for(order, "card") for _ in range(25)]  # the pool has 20 connections

    assert answers == [None] * 25


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": D("4.50")},
        {"amount": D(0)},
        {"amount": D("-0.003")},
        {"amount": D("NaN")},
        {"amount": -4},
        {"name_sv": ""},
        {"name_en": "x" * 81},
        {"name_en": "two\nlines"},
        {"vat_rate": D(100)},
        {"vat_rate": D("-1")},
        {"vat_rate": 12},
    ],
    ids=str,
)
def test_discount_that_receipt_cannot_show_is_refused(wrong: dict[str, Any]) -> None:
    valid: dict[str, Any] = {
        "name_sv": "Rabatt",
        "name_en": "Off",
        "amount": D("-4.50"),
        "vat_rate": D("12.00"),
    }
    Discount(**valid)

    with pytest.raises(ValueError, match=r"name|amount|vat_rate"):
        Discount(**(valid | wrong))


@pytest.mark.parametrize("hook", ["club", "raises"])
def test_card_number_is_neither_stored_nor_logged(
    sandbox: SandboxProcess, settings: Settings, caplog: pytest.LogCaptureFixture, hook: str
) -> None:
    settings.LOYALTY_HOOK = f"tests.payments.loyalty.hooks.{hook}"
    invoice = waiting_invoice(sandbox)

    answer_without_response(sandbox, invoice, "drop")
    answer_cards(invoice)

    assert hooks.CARD not in database_content()
    assert hooks.CARD not in caplog.text


def database_content() -> str:
    """Return every row of every table, as text."""
    with connection.cursor() as cursor:
        rows: list[Any] = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608  # names from the database itself
            rows += cursor.fetchall()
    return str(rows)
