"""A hook card: the shop's hook is asked once, and SEQR told until it surely knows."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from orders.audit import ChangeSource
from orders.models import AuditEvent, SourceName, SubjectType
from payments.invoices.cancel import cancel_invoice
from payments.invoices.create import retry_payment
from payments.invoices.discounts import discounts_of, total_of
from payments.invoices.refresh import refresh_invoice
from payments.loyalty import hook
from payments.loyalty.answer import answer_loyalty_cards
from payments.models import CancelReason, CaseKind, Invoice, InvoiceStatus, MoneyCase
from payments.receipts.document import has_receipt, receipt_of
from payments.recovery import find_work
from payments.refunds.refund import refundable_now
from tests.payments.loyalty import hooks
from tests.payments.steps import (
    call_count,
    event_names,
    issued_invoice,
    order_state,
    reference,
    reloaded,
)
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
D = Decimal
BY_POLLER = ChangeSource(SourceName.POLLER)
MSISDN = "46701234567"
CLUB = {"id": "CLUB", "value": hooks.CARD, "description": "Café club"}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def club(settings: Settings) -> None:
    """A shop whose hook takes 4.50 off 45.00 for one card."""
    settings.LOYALTY_HOOK = "tests.payments.loyalty.hooks.club"


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hooks are waited for no longer than a moment, and end with the test."""
    monkeypatch.setattr(hook, "HOOK_SECONDS", 0.1)
    hooks.let_go.clear()
    yield
    hooks.let_go.set()


def has_cards(sandbox: SandboxProcess, *cards: dict[str, str]) -> None:
    """The customer has these cards in the app."""
    sandbox.control("POST", "/customers", {"msisdn": MSISDN, "cards": list(cards)})


def open_bill(sandbox: SandboxProcess, invoice: Invoice) -> None:
    """The customer opens the bill; the poller sees what becomes of it."""
    sandbox.control("POST", f"/invoices/{reference(invoice)}/open", {"msisdn": MSISDN})
    refresh(invoice)


def waiting_invoice(sandbox: SandboxProcess, *cards: dict[str, str]) -> Invoice:
    """An invoice over 45.00 SEK whose customer waits for our word on these cards, or on CLUB."""
    has_cards(sandbox, *(cards or (CLUB,)))
    invoice = issued_invoice()
    open_bill(sandbox, invoice)
    return reloaded(invoice)


def refresh(invoice: Invoice) -> InvoiceStatus:
    return refresh_invoice(invoice.pk, BY_POLLER)


def answer(invoice: Invoice) -> None:
    answer_loyalty_cards(invoice.pk)


def answer_gone_wrong(sandbox: SandboxProcess, invoice: Invoice, kind: str) -> None:
    """SEQR answers nothing; with "drop" it has taken what we said, with "refuse" it has not."""
    sandbox.fault("updateInvoice", kind)
    answer(invoice)
    sandbox.control("DELETE", "/faults")


def at_seqr(sandbox: SandboxProcess, invoice: Invoice) -> tuple[str, str, list[int]]:
    """How the bill stands at SEQR, what it costs, and what became of the cards."""
    found = sandbox.invoice(reference(invoice))
    cards = [token["status"] for token in found["customer_tokens"]]
    return found["status"], found["amount"], cards


def here(invoice: Invoice) -> tuple[Decimal, bool, int]:
    """What the bill costs here, whether SEQR may think otherwise, and how many discounts it has."""
    now = reloaded(invoice)
    return now.amount, now.discount_unconfirmed, now.discounts.count()


def test_a_known_card_lowers_the_bill_and_the_customer_pays_that(sandbox: SandboxProcess) -> None:
    invoice = waiting_invoice(sandbox)

    answer(invoice)
    told = at_seqr(sandbox, invoice)
    sandbox.pay(reference(invoice))
    refresh(invoice)

    paid = reloaded(invoice)
    assert told == ("ISSUED", "40.50", [1])
    assert (paid.status, paid.paid_amount, order_state(invoice)) == (S.PAID, D("40.50"), "paid")
    assert here(invoice) == (D("40.50"), False, 1)
    assert refundable_now(invoice.pk) == D("40.50")
    assert event_names(invoice)[2:] == [
        "acknowledgment_awaited",
        "loyalty_card_recognised",
        "loyalty_cards_answered",
        "payment_confirmed",
    ]


def test_the_receipt_has_the_discount_and_the_vat_of_what_was_paid(sandbox: SandboxProcess) -> None:
    invoice = waiting_invoice(sandbox)
    answer(invoice)
    sandbox.pay(reference(invoice))
    refresh(invoice)

    receipt = receipt_of(reloaded(invoice))

    assert [(row.name, row.total, row.is_discount) for row in receipt.rows] == [
        ("Kanelbulle", D("45.00"), False),
        ("Stamkund", D("-4.50"), True),
    ]
    assert receipt.total == D("40.50")
    assert [(line.rate, line.gross, line.vat) for line in receipt.vat_lines] == [
        (D("12.00"), D("40.50"), D("4.34"))
    ]


def test_an_unknown_card_is_answered_and_the_price_stays(sandbox: SandboxProcess) -> None:
    invoice = waiting_invoice(sandbox, CLUB | {"value": "another card"})

    answer(invoice)

    assert at_seqr(sandbox, invoice) == ("ISSUED", "45.00", [99])
    assert here(invoice) == (D("45.00"), False, 0)
    assert event_names(invoice)[3:] == ["loyalty_card_not_recognised", "loyalty_cards_answered"]


def test_a_known_card_may_bring_nothing(sandbox: SandboxProcess, settings: Settings) -> None:
    settings.LOYALTY_HOOK = "tests.payments.loyalty.hooks.club_without_discount"
    invoice = waiting_invoice(sandbox)

    answer(invoice)

    assert at_seqr(sandbox, invoice) == ("ISSUED", "45.00", [1])
    assert here(invoice) == (D("45.00"), False, 0)


def test_of_several_cards_the_first_known_one_counts(sandbox: SandboxProcess) -> None:
    other = {"id": "BEAN", "value": "5"}
    invoice = waiting_invoice(sandbox, other, CLUB)

    answer(invoice)

    assert at_seqr(sandbox, invoice) == ("ISSUED", "40.50", [99, 1])
    assert reloaded(invoice).loyalty_scheme == "CLUB"


def test_without_a_hook_nobody_waits_for_us(sandbox: SandboxProcess, settings: Settings) -> None:
    settings.LOYALTY_HOOK = ""

    invoice = waiting_invoice(sandbox)

    assert invoice.status == S.ISSUED
    assert "NO_ACKNOWLEDGMENT" in sandbox.calls("sendInvoice")[-1]["request"]


def test_who_waits_when_the_hook_is_taken_away_is_answered(
    sandbox: SandboxProcess, settings: Settings
) -> None:
    invoice = waiting_invoice(sandbox)
    settings.LOYALTY_HOOK = ""

    answer(invoice)

    assert at_seqr(sandbox, invoice) == ("ISSUED", "45.00", [99])


@pytest.mark.parametrize(
    ("hook", "said"),
    [
        ("raises", "raised KeyError at hooks.py, line"),
        ("returns_the_card", "something else than discounts"),
        ("returns_a_number", "raised TypeError"),
        ("takes_a_float", "raised ValueError"),
        ("takes_everything", "leaves nothing to pay"),
        ("takes_more_than_everything", "more than was bought"),
        ("takes_off_another_vat_rate", "more than was bought"),
        ("never_ends", "took longer than"),
    ],
)
def test_a_broken_hook_costs_the_discount_and_no_payment(
    sandbox: SandboxProcess, settings: Settings, hanging: None, hook: str, said: str
) -> None:
    settings.LOYALTY_HOOK = f"tests.payments.loyalty.hooks.{hook}"
    invoice = waiting_invoice(sandbox)

    answer(invoice)
    sandbox.pay(reference(invoice))
    refresh(invoice)

    fault = AuditEvent.objects.get(name="loyalty_hook_failed")
    assert said in fault.detail
    assert at_seqr(sandbox, invoice) == ("PAID", "45.00", [99])
    assert order_state(invoice) == "paid"


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
def test_what_no_receipt_could_say_is_no_discount(wrong: dict[str, Any]) -> None:
    good: dict[str, Any] = {
        "name_sv": "Rabatt",
        "name_en": "Off",
        "amount": D("-4.50"),
        "vat_rate": D("12.00"),
    }
    hook.Discount(**good)

    with pytest.raises(ValueError, match=r"name|amount|vat_rate"):
        hook.Discount(**(good | wrong))


def test_hooks_that_never_end_take_no_more_threads_than_a_few(
    sandbox: SandboxProcess, settings: Settings, hanging: None
) -> None:
    settings.LOYALTY_HOOK = "tests.payments.loyalty.hooks.never_ends"
    invoices = [waiting_invoice(sandbox) for _ in range(hook.AT_ONCE + 1)]

    for invoice in invoices:
        answer(invoice)

    faults = AuditEvent.objects.filter(name="loyalty_hook_failed").order_by("id")
    assert ["took longer" in each.detail for each in faults] == [True] * hook.AT_ONCE + [False]
    assert "has not ended" in faults[hook.AT_ONCE].detail
    assert at_seqr(sandbox, invoices[-1]) == ("ISSUED", "45.00", [99])


@pytest.mark.parametrize("hook", ["club", "raises"])
def test_a_cards_number_is_kept_nowhere_and_told_to_nobody(
    sandbox: SandboxProcess, settings: Settings, caplog: pytest.LogCaptureFixture, hook: str
) -> None:
    settings.LOYALTY_HOOK = f"tests.payments.loyalty.hooks.{hook}"
    invoice = waiting_invoice(sandbox)

    answer_gone_wrong(sandbox, invoice, "drop")
    answer(invoice)

    assert hooks.CARD not in everything_in_the_database()
    assert hooks.CARD not in caplog.text


def everything_in_the_database() -> str:
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        rows: list[Any] = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608  # names from the database itself
            rows += cursor.fetchall()
    return str(rows)


# --- Killed, lost, refused, at once --------------------------------------------------------------


def test_a_discount_of_which_seqr_was_not_told_is_found_and_told(
    sandbox: SandboxProcess, settings: Settings
) -> None:
    """As after a process killed between the two: the hook is not asked again."""
    invoice = waiting_invoice(sandbox)
    answer_gone_wrong(sandbox, invoice, "refuse")
    in_between = (here(invoice), at_seqr(sandbox, invoice)[:2])
    settings.LOYALTY_HOOK = "tests.payments.loyalty.hooks.raises"

    for invoice_id in find_work().loyalty_answers_due:
        answer_loyalty_cards(invoice_id)

    assert in_between == ((D("40.50"), True, 1), ("PENDING_ISSUER_ACKNOWLEDGE", "45.00"))
    assert here(invoice) == (D("40.50"), False, 1)
    assert at_seqr(sandbox, invoice) == ("ISSUED", "40.50", [1])


def test_a_lost_answer_is_made_sure_of(sandbox: SandboxProcess) -> None:
    invoice = waiting_invoice(sandbox)
    answer_gone_wrong(sandbox, invoice, "drop")
    doubt = here(invoice)

    for invoice_id in find_work().loyalty_answers_due:
        answer_loyalty_cards(invoice_id)

    assert doubt == (D("40.50"), True, 1)
    assert here(invoice) == (D("40.50"), False, 1)
    assert find_work().loyalty_answers_due == []
    assert at_seqr(sandbox, invoice) == ("ISSUED", "40.50", [1])


def test_after_a_lost_answer_the_lower_amount_paid_ends_the_doubt(sandbox: SandboxProcess) -> None:
    invoice = waiting_invoice(sandbox)
    answer_gone_wrong(sandbox, invoice, "drop")
    sandbox.pay(reference(invoice))

    refresh(invoice)

    assert here(invoice) == (D("40.50"), False, 1)
    assert (order_state(invoice), MoneyCase.objects.count()) == ("paid", 0)


def test_who_paid_in_full_before_seqr_knew_has_paid_and_the_discount_is_dropped(
    sandbox: SandboxProcess,
) -> None:
    invoice = waiting_invoice(sandbox)
    answer_gone_wrong(sandbox, invoice, "refuse")
    sandbox.pay(reference(invoice))

    refresh(invoice)

    assert here(invoice) == (D("45.00"), False, 0)
    assert (order_state(invoice), MoneyCase.objects.count()) == ("paid", 0)
    assert event_names(invoice)[-2:] == ["discount_dropped", "payment_confirmed"]
    assert receipt_of(reloaded(invoice)).total == D("45.00")
    assert refundable_now(invoice.pk) == D("45.00")


@pytest.mark.parametrize(
    ("told", "paid", "doubted"), [(False, "39.00", True), (True, "45.00", False)]
)
def test_any_other_amount_is_a_case(
    sandbox: SandboxProcess, told: bool, paid: str, doubted: bool
) -> None:
    invoice = waiting_invoice(sandbox)
    if told:
        answer(invoice)
    else:
        answer_gone_wrong(sandbox, invoice, "refuse")
    sandbox.pay(reference(invoice))
    sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"receipt_amount": paid})

    refresh(invoice)

    assert MoneyCase.objects.get().kind == CaseKind.AMOUNT_DIFFERS
    assert here(invoice) == (D("40.50"), doubted, 1)
    assert order_state(invoice) == "needs_attention"


def test_a_doubt_that_seqrs_receipt_does_not_end_is_a_case_and_makes_no_receipt(
    sandbox: SandboxProcess,
) -> None:
    invoice = waiting_invoice(sandbox)
    answer_gone_wrong(sandbox, invoice, "drop")
    sandbox.pay(reference(invoice))
    sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"receipt": False})

    refresh(invoice)

    assert MoneyCase.objects.get().summary.startswith("SEQR's receipt has no amount")
    assert (order_state(invoice), reloaded(invoice).paid_amount) == ("needs_attention", None)
    assert not has_receipt(reloaded(invoice))
    assert find_work().receipts_to_submit == []


def test_a_discount_that_seqr_refuses_is_dropped_and_the_card_answered(
    sandbox: SandboxProcess,
) -> None:
    invoice = waiting_invoice(sandbox)
    sandbox.fault("updateInvoice", "result_code", code=49, count=1)

    answer(invoice)

    assert at_seqr(sandbox, invoice) == ("ISSUED", "45.00", [99])
    assert here(invoice) == (D("45.00"), False, 0)
    assert event_names(invoice)[3:] == [
        "loyalty_card_recognised",
        "loyalty_answer_refused",
        "discount_dropped",
        "loyalty_cards_answered",
    ]


def test_while_the_customer_is_paying_the_answer_waits(sandbox: SandboxProcess) -> None:
    invoice = waiting_invoice(sandbox)
    sandbox.act(reference(invoice), "hold")
    answer(invoice)
    meanwhile = here(invoice)
    sandbox.act(reference(invoice), "release")

    answer(invoice)

    assert meanwhile == (D("40.50"), True, 1)
    assert at_seqr(sandbox, invoice) == ("ISSUED", "40.50", [1])


def test_settings_that_seqr_refuses_drop_no_discount_and_are_told_until_it_accepts_them(
    sandbox: SandboxProcess,
) -> None:
    invoice = waiting_invoice(sandbox)
    sandbox.fault("updateInvoice", "result_code", code=92, count=1)
    answer(invoice)
    meanwhile = (here(invoice), find_work().loyalty_answers_due)

    answer(invoice)

    case = MoneyCase.objects.get()
    assert meanwhile == ((D("40.50"), True, 1), [invoice.pk])
    assert (case.key, case.closing_reason) == (
        "updateInvoice code 92",
        "SEQR has accepted updateInvoice since",
    )


def test_eight_at_once_say_one_thing(sandbox: SandboxProcess) -> None:
    invoice = waiting_invoice(sandbox, {"id": "BEAN", "value": "5"}, CLUB)

    run_concurrently(8, lambda: answer(invoice))
    answer(invoice)

    assert at_seqr(sandbox, invoice) == ("ISSUED", "40.50", [99, 1])
    assert here(invoice) == (D("40.50"), False, 1)
    assert event_names(invoice).count("loyalty_card_recognised") == 1


def test_what_is_answered_is_not_answered_again(sandbox: SandboxProcess) -> None:
    invoice = waiting_invoice(sandbox)
    answer(invoice)

    answer(invoice)
    refresh(invoice)
    answer(invoice)

    assert call_count(sandbox, "updateInvoice") == 1
    assert event_names(invoice)[3:] == [
        "loyalty_card_recognised",
        "loyalty_cards_answered",
        "issued_again",
    ]
    assert find_work().loyalty_answers_due == []


def test_a_bill_that_is_being_cancelled_gets_no_discount(sandbox: SandboxProcess) -> None:
    invoice = waiting_invoice(sandbox)
    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, ChangeSource(SourceName.CUSTOMER))

    answer(invoice)

    assert call_count(sandbox, "updateInvoice") == 0
    assert reloaded(invoice).status == S.CANCELED


def test_a_bill_that_came_to_nothing_is_paid_again_in_full(sandbox: SandboxProcess) -> None:
    invoice = waiting_invoice(sandbox)
    answer(invoice)
    sandbox.act(reference(invoice), "cancel")
    refresh(invoice)

    again = retry_payment(
        invoice.order.customer, invoice.order.public_id, ChangeSource(SourceName.CUSTOMER)
    )

    assert again.amount == D("45.00")
    assert total_of(reloaded(invoice)) == D("45.00")
    assert discounts_of(reloaded(invoice)) == []


def test_the_history_names_the_scheme_and_the_new_sum(sandbox: SandboxProcess) -> None:
    invoice = waiting_invoice(sandbox)

    answer(invoice)

    event = AuditEvent.objects.get(subject_type=SubjectType.INVOICE, name="loyalty_card_recognised")
    assert event.detail == "40.50 SEK to pay; the card's scheme: CLUB"
