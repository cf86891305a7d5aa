"""getPaymentStatus: SEQR's answers, and what they change in the shop."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction

from payments.models import Invoice, InvoiceStatus
from payments.seqr import SeqrOutcomeUnknown, SeqrProtocolError
from tests.fault_proxy import FaultProxy
from tests.payments.steps import (
    event_names,
    invoice_in,
    issued_invoice,
    order_state,
    reference,
    refresh,
    reloaded,
)
from tests.races import run_concurrently, wait_for_lock_wait, with_own_connection
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


def test_payment_is_recorded_with_its_order_and_acknowledged(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))

    status = refresh(invoice)

    paid = reloaded(invoice)
    at_seqr = sandbox.invoice(reference(invoice))
    assert (status, order_state(invoice)) == (S.PAID, "paid")
    assert paid.ers_reference == at_seqr["ers_reference"]
    assert (str(paid.paid_amount), paid.paid_currency) == ("45.00", "SEK")
    assert paid.acknowledged_at is not None
    assert paid.invoice_version == at_seqr["version"]
    assert event_names(invoice) == ["sending_started", "sent", "payment_confirmed"]


def test_payment_is_recorded_though_its_acknowledgment_is_lost(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))

    def lose_answers_after_first_query() -> None:
        seqr_proxy.lose_answers = seqr_proxy.calls.count("getPaymentStatus") > 1

    seqr_proxy.before_answer = lose_answers_after_first_query

    status = refresh(invoice)

    assert (status, order_state(invoice)) == (S.PAID, "paid")
    assert reloaded(invoice).acknowledged_at is None


def test_query_sends_the_version_of_the_last_answer(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()

    refresh(invoice)
    sandbox.pay(reference(invoice))
    refresh(invoice)

    requests = [call["request"] for call in sandbox.calls("getPaymentStatus")]
    versions = [text.split("<invoiceVersion>")[1].split("<")[0] for text in requests]
    assert versions[0] == "0"
    assert versions == sorted(versions, key=int)
    assert versions[-1] == str(sandbox.invoice(reference(invoice))["version"])


def test_unchanged_status_writes_nothing(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    refresh(invoice)
    before = Invoice.objects.filter(pk=invoice.pk).values().get()

    refresh(invoice)

    assert Invoice.objects.filter(pk=invoice.pk).values().get() == before
    assert event_names(invoice) == ["sending_started", "sent"]


@pytest.mark.parametrize(
    ("action", "status", "event"),
    [
        ("cancel", S.CANCELED, "canceled_at_seqr"),
        ("fail", S.FAILED, "failed_at_seqr"),
        ("expire", S.EXPIRED, "expired_at_seqr"),
    ],
)
def test_invoice_ended_at_seqr_ends_in_the_shop(
    sandbox: SandboxProcess, action: str, status: InvoiceStatus, event: str
) -> None:
    invoice = issued_invoice()
    sandbox.act(reference(invoice), action)

    refresh(invoice)

    assert (reloaded(invoice).status, event_names(invoice)[-1]) == (status, event)
    assert order_state(invoice) == status.lower()


@pytest.mark.parametrize("status", [S.PENDING_ISSUER_ACKNOWLEDGE, S.RESERVED, S.PARTIALLY_PAID])
def test_rare_status_is_stored_and_left_again(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, status: InvoiceStatus
) -> None:
    invoice = issued_invoice()
    seqr_proxy.rewrite = lambda answer: answer.replace(">ISSUED<", f">{status}<")

    first = refresh(invoice)
    seqr_proxy.clear_faults()
    second = refresh(invoice)

    assert (first, second) == (status, S.ISSUED)


def test_unknown_status_needs_attention_and_is_queried_again(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = issued_invoice()
    seqr_proxy.rewrite = lambda answer: answer.replace(">ISSUED<", ">HALF_PAID<")
    statuses = [refresh(invoice), refresh(invoice)]
    seqr_proxy.clear_faults()
    sandbox.pay(reference(invoice))

    statuses.append(refresh(invoice))

    assert statuses == [S.NEEDS_ATTENTION, S.NEEDS_ATTENTION, S.PAID]
    assert event_names(invoice)[2:] == ["attention_needed", "payment_confirmed"]


def test_paid_without_ers_reference_needs_attention(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    seqr_proxy.rewrite = lambda answer: answer.replace("ersReference>", "ignored>")
    first = refresh(invoice)
    seqr_proxy.clear_faults()

    second = refresh(invoice)

    assert (first, second) == (S.NEEDS_ATTENTION, S.PAID)
    assert order_state(invoice) == "paid"


def test_wrong_amount_in_receipt_is_recorded_and_order_needs_attention(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    seqr_proxy.rewrite = lambda answer: answer.replace(">45.00<", ">4.50<")

    refresh(invoice)

    paid = reloaded(invoice)
    assert (paid.status, str(paid.paid_amount)) == (S.PAID, "4.50")
    assert order_state(invoice) == "needs_attention"


def test_invoice_unknown_to_seqr_needs_attention(sandbox: SandboxProcess) -> None:
    invoice = invoice_in(S.ISSUED)

    status = refresh(invoice)

    assert status == S.NEEDS_ATTENTION


@pytest.mark.parametrize("garbage", ["", "<html>Bad gateway</html>", "<soap", "\x00\x01"], ids=repr)
def test_unreadable_answer_changes_nothing(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, garbage: str
) -> None:
    invoice = issued_invoice()
    seqr_proxy.rewrite = lambda _answer: garbage

    with pytest.raises(SeqrProtocolError):
        refresh(invoice)

    assert reloaded(invoice).status == S.ISSUED


def test_payment_with_lost_answer_is_found_by_next_query(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    seqr_proxy.lose_answers = True
    with pytest.raises(SeqrOutcomeUnknown):
        refresh(invoice)
    seqr_proxy.lose_answers = False

    status = refresh(invoice)

    assert status == S.PAID


def test_late_answer_from_before_payment_does_not_undo_it(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = issued_invoice()

    def pay_and_refresh() -> None:
        sandbox.pay(reference(invoice))
        refresh(invoice)

    seqr_proxy.before_next_answer(pay_and_refresh)

    refresh(invoice)

    assert reloaded(invoice).status == S.PAID
    assert "unexpected_status" not in event_names(invoice)


def test_eight_concurrent_queries_confirm_payment_once(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))

    run_concurrently(8, lambda: refresh(invoice))

    assert event_names(invoice).count("payment_confirmed") == 1


def test_second_query_waits_for_the_one_that_stores_the_payment(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))

    with ThreadPoolExecutor(1) as thread, transaction.atomic():
        refresh(invoice)
        second_query = thread.submit(with_own_connection, lambda: refresh(invoice))
        wait_for_lock_wait()
        transaction.on_commit(second_query.result)

    assert event_names(invoice).count("payment_confirmed") == 1
