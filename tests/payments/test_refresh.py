"""getPaymentStatus: what SEQR says, and what it changes here."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import transaction

from orders.clock import database_now
from orders.events import Cause
from orders.models import About, Event
from payments import services
from payments.models import (
    CancelReason,
    CaseKind,
    Invoice,
    InvoiceStatus,
    MoneyCase,
    PollShard,
)
from payments.seqr import CallMade, SeqrOutcomeUnknown, SeqrProtocolError
from payments.services.refresh import Answer, Question, record_routine
from payments.services.shards import shard_of
from tests.factories import InvoiceFactory
from tests.payments.steps import (
    asked,
    fresh,
    invoice_in,
    is_dead,
    issued_invoice,
    order_state,
    reference,
    story,
)
from tests.races import at_once, wait_until_somebody_waits, with_own_connection
from tests.sandbox_process import SandboxProcess
from tests.seqr_proxy import SeqrProxy

S = InvoiceStatus
BY_POLLER = Cause("poller")
pytestmark = pytest.mark.django_db(transaction=True)


def refresh(invoice: Invoice) -> InvoiceStatus:
    return services.refresh_invoice(invoice.pk, BY_POLLER)


def shard_last_heard(invoice: Invoice, seconds_ago: int) -> None:
    """SEQR last answered the poller about this invoice so long ago; it is older than that."""
    heard = database_now() - timedelta(seconds=seconds_ago)
    PollShard.objects.update_or_create(
        number=shard_of(invoice.pk), defaults={"round_started_at": heard, "oldest_answer_at": heard}
    )
    Invoice.objects.filter(pk=invoice.pk).update(issued_at=heard - timedelta(seconds=60))


def test_a_payment_is_recorded_with_its_order_and_acknowledged(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))

    status = refresh(invoice)

    paid = fresh(invoice)
    at_seqr = sandbox.invoice(reference(invoice))
    assert (status, order_state(invoice)) == (S.PAID, "paid")
    assert paid.ers_reference == at_seqr["ers_reference"]
    assert (str(paid.paid_amount), paid.paid_currency) == ("45.00", "SEK")
    assert paid.acknowledged_at is not None
    assert paid.invoice_version == at_seqr["version"]
    assert story(invoice) == ["sending_started", "sent", "payment_confirmed"]


def test_a_payment_is_told_though_its_acknowledgment_goes_wrong(
    sandbox: SandboxProcess, seqr_proxy: SeqrProxy
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))

    def from_the_second_question_on() -> None:
        seqr_proxy.lose_answers = seqr_proxy.calls.count("getPaymentStatus") > 1

    seqr_proxy.before_answer = from_the_second_question_on

    status = refresh(invoice)

    assert (status, order_state(invoice)) == (S.PAID, "paid")
    assert fresh(invoice).acknowledged_at is None


def test_the_version_of_the_last_answer_goes_with_the_next_question(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()

    refresh(invoice)
    sandbox.pay(reference(invoice))
    refresh(invoice)

    sent = [call["request"] for call in sandbox.calls("getPaymentStatus")]
    versions = [text.split("<invoiceVersion>")[1].split("<")[0] for text in sent]
    assert versions[0] == "0"
    assert versions == sorted(versions, key=int)
    assert versions[-1] == str(sandbox.invoice(reference(invoice))["version"])


def test_the_unchanged_writes_nothing(
    sandbox: SandboxProcess, django_assert_num_queries: object
) -> None:
    invoice = issued_invoice()
    refresh(invoice)
    before = Invoice.objects.filter(pk=invoice.pk).values().get()

    refresh(invoice)

    assert Invoice.objects.filter(pk=invoice.pk).values().get() == before
    assert story(invoice) == ["sending_started", "sent"]


@pytest.mark.parametrize(
    ("action", "status", "event"),
    [
        ("cancel", S.CANCELED, "canceled_at_seqr"),
        ("fail", S.FAILED, "failed_at_seqr"),
        ("expire", S.EXPIRED, "expired_at_seqr"),
    ],
)
def test_an_end_at_seqr_is_an_end_here(
    sandbox: SandboxProcess, action: str, status: InvoiceStatus, event: str
) -> None:
    invoice = issued_invoice()
    sandbox.act(reference(invoice), action)

    refresh(invoice)

    assert (fresh(invoice).status, story(invoice)[-1]) == (status, event)
    assert order_state(invoice) == status.lower()


@pytest.mark.parametrize("status", [S.PENDING_ISSUER_ACKNOWLEDGE, S.RESERVED, S.PARTIALLY_PAID])
def test_the_rarer_statuses_have_their_place_and_are_left_again(
    sandbox: SandboxProcess, seqr_proxy: SeqrProxy, status: InvoiceStatus
) -> None:
    invoice = issued_invoice()
    seqr_proxy.rewrite = lambda answer: answer.replace(">ISSUED<", f">{status}<")

    first = refresh(invoice)
    seqr_proxy.rewrite = lambda answer: answer
    second = refresh(invoice)

    assert (first, second) == (status, S.ISSUED)


def test_an_unknown_status_needs_attention_and_is_asked_again(
    sandbox: SandboxProcess, seqr_proxy: SeqrProxy
) -> None:
    invoice = issued_invoice()
    seqr_proxy.rewrite = lambda answer: answer.replace(">ISSUED<", ">HALF_PAID<")
    statuses = [refresh(invoice), refresh(invoice)]
    seqr_proxy.rewrite = lambda answer: answer
    sandbox.pay(reference(invoice))

    statuses.append(refresh(invoice))

    assert statuses == [S.NEEDS_ATTENTION, S.NEEDS_ATTENTION, S.PAID]
    assert story(invoice)[2:] == ["attention_needed", "payment_confirmed"]


def test_paid_without_a_payment_reference_is_not_yet_paid(
    sandbox: SandboxProcess, seqr_proxy: SeqrProxy
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    seqr_proxy.rewrite = lambda answer: answer.replace("ersReference>", "ignored>")
    first = refresh(invoice)
    seqr_proxy.rewrite = lambda answer: answer

    second = refresh(invoice)

    assert (first, second) == (S.NEEDS_ATTENTION, S.PAID)
    assert order_state(invoice) == "paid"


def test_another_amount_in_the_receipt_is_recorded_and_the_order_needs_attention(
    sandbox: SandboxProcess, seqr_proxy: SeqrProxy
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    seqr_proxy.rewrite = lambda answer: answer.replace(">45.00<", ">4.50<")

    refresh(invoice)

    paid = fresh(invoice)
    assert (paid.status, str(paid.paid_amount)) == (S.PAID, "4.50")
    assert order_state(invoice) == "needs_attention"


def test_an_invoice_that_seqr_does_not_know_needs_attention(sandbox: SandboxProcess) -> None:
    invoice = invoice_in(S.ISSUED)

    status = refresh(invoice)

    assert status == S.NEEDS_ATTENTION


@pytest.mark.parametrize("garbage", ["", "<html>Bad gateway</html>", "<soap", "\x00\x01"], ids=repr)
def test_an_unreadable_answer_changes_nothing(
    sandbox: SandboxProcess, seqr_proxy: SeqrProxy, garbage: str
) -> None:
    invoice = issued_invoice()
    seqr_proxy.rewrite = lambda _answer: garbage

    with pytest.raises(SeqrProtocolError):
        refresh(invoice)

    assert fresh(invoice).status == S.ISSUED


def test_a_lost_answer_about_a_payment_is_asked_for_again(
    sandbox: SandboxProcess, seqr_proxy: SeqrProxy
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    seqr_proxy.lose_answers = True
    with pytest.raises(SeqrOutcomeUnknown):
        refresh(invoice)
    seqr_proxy.lose_answers = False

    status = refresh(invoice)

    assert status == S.PAID


def test_a_slow_answer_from_before_the_payment_does_not_undo_it(
    sandbox: SandboxProcess, seqr_proxy: SeqrProxy
) -> None:
    invoice = issued_invoice()

    def the_customer_pays_and_someone_else_hears() -> None:
        seqr_proxy.before_answer = lambda: None
        sandbox.pay(reference(invoice))
        refresh(invoice)

    seqr_proxy.before_answer = the_customer_pays_and_someone_else_hears

    refresh(invoice)

    assert fresh(invoice).status == S.PAID
    assert "unexpected_answer" not in story(invoice)


def test_eight_askers_at_once_confirm_one_payment(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))

    at_once(8, lambda: refresh(invoice))

    assert story(invoice).count("payment_confirmed") == 1


def test_who_finds_a_payment_waits_for_who_is_writing_it(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))

    with ThreadPoolExecutor(1) as another, transaction.atomic():
        refresh(invoice)
        found_too = another.submit(with_own_connection, lambda: refresh(invoice))
        wait_until_somebody_waits()
        transaction.on_commit(found_too.result)

    assert story(invoice).count("payment_confirmed") == 1


def test_a_cancelled_payment_after_a_silence_of_ours_may_be_a_reversal(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()
    shard_last_heard(invoice, seconds_ago=16)
    sandbox.pay(reference(invoice))
    sandbox.advance(21)

    refresh(invoice)

    assert fresh(invoice).possibly_reversed
    assert story(invoice)[-2:] == ["canceled_at_seqr", "possibly_reversed"]


@pytest.mark.parametrize("reason", [CancelReason.LIFETIME, CancelReason.CUSTOMER])
def test_a_payment_that_was_reversed_before_we_cancelled_may_be_a_reversal_too(
    sandbox: SandboxProcess, reason: CancelReason
) -> None:
    invoice = issued_invoice()
    shard_last_heard(invoice, seconds_ago=25)
    sandbox.pay(reference(invoice))
    sandbox.advance(21)

    services.cancel_invoice(invoice.pk, reason, Cause("sweep"))

    assert is_dead(invoice)
    assert fresh(invoice).possibly_reversed
    assert [case.kind for case in MoneyCase.objects.all()] == [CaseKind.POSSIBLY_REVERSED]


def test_an_invoice_that_we_cancel_after_a_silence_of_ours_is_no_reversal(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()
    shard_last_heard(invoice, seconds_ago=25)

    services.cancel_invoice(invoice.pk, CancelReason.LIFETIME, Cause("sweep"))

    assert is_dead(invoice)
    assert not fresh(invoice).possibly_reversed


def test_a_cancelled_payment_while_we_were_asking_is_the_customers_own(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()
    shard_last_heard(invoice, seconds_ago=3)
    sandbox.act(reference(invoice), "cancel")

    refresh(invoice)

    assert not fresh(invoice).possibly_reversed


def test_a_reversal_after_paid_is_recorded_and_the_order_needs_attention(
    sandbox: SandboxProcess, seqr_proxy: SeqrProxy
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    refresh(invoice)
    seqr_proxy.rewrite = lambda answer: answer.replace(">PAID<", ">CANCELED<")

    refresh(invoice)

    assert (fresh(invoice).status, fresh(invoice).possibly_reversed) == (S.CANCELED, True)
    assert order_state(invoice) == "needs_attention"
    assert story(invoice)[-2:] == ["payment_reversed", "possibly_reversed"]


def test_an_invoice_whose_order_another_one_paid_is_not_asked_about(
    sandbox: SandboxProcess,
) -> None:
    paid = invoice_in(S.PAID)
    other = InvoiceFactory.create(
        order=paid.order,
        attempt=2,
        status=S.CANCELED,
        invoice_reference="31",
        issued_at=database_now(),
    )

    refresh(other)

    assert asked(sandbox, "getPaymentStatus") == 0


def test_a_dead_invoice_that_seqr_calls_paid_pays_the_order_and_the_open_one_is_cancelled(
    sandbox: SandboxProcess,
) -> None:
    """Our record of the first invoice is wrong; a second is being paid for."""
    first = issued_invoice()
    sandbox.pay(reference(first))
    Invoice.objects.filter(pk=first.pk).update(status=S.CANCELED)
    first.order.state = "canceled"
    first.order.save()
    second = services.pay_again(first.order.customer, first.order.public_id)
    services.send_invoice(second.pk)

    refresh(first)
    services.settle_cancel(second.pk, Cause("sweep"))

    assert story(first)[-1] == "corrected_to_match_seqr"
    assert order_state(first) == "paid"
    assert (fresh(second).status, fresh(second).cancel_reason) == (
        S.CANCELED,
        CancelReason.SUPERSEDED,
    )
    assert sandbox.invoice(reference(fresh(second)))["status"] == "CANCELED"


def ended_and_then_paid(sandbox: SandboxProcess) -> Invoice:
    """SEQR has cancelled the bill, and finds a payment of it all the same."""
    invoice = issued_invoice()
    services.cancel_invoice(invoice.pk, CancelReason.CUSTOMER, Cause("customer"))
    sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"status": "PAID"})
    return invoice


def let_ten_seconds_pass(invoice: Invoice) -> None:
    was = fresh(invoice).answer_awaited_since
    assert was is not None
    earlier = was - timedelta(seconds=10)
    Invoice.objects.filter(pk=invoice.pk).update(answer_awaited_since=earlier)


def test_a_payment_of_an_ended_invoice_is_asked_about_again_after_a_lost_answer(
    sandbox: SandboxProcess, seqr_proxy: SeqrProxy
) -> None:
    """The question has accepted the payment, and nobody polls an ended invoice."""
    invoice = ended_and_then_paid(sandbox)
    seqr_proxy.lose_answers = True
    with pytest.raises(SeqrOutcomeUnknown):
        refresh(invoice)
    seqr_proxy.lose_answers = False
    let_ten_seconds_pass(invoice)
    work = services.find_work().to_ask_once_more

    services.ask_once_more(invoice.pk, Cause("sweep"))

    assert work == [invoice.pk]
    assert (fresh(invoice).status, order_state(invoice)) == (S.PAID, "paid")
    assert fresh(invoice).answer_awaited_since is None


def test_where_another_invoice_has_paid_since_a_person_is_told_of_the_lost_answer(
    sandbox: SandboxProcess, seqr_proxy: SeqrProxy
) -> None:
    invoice = ended_and_then_paid(sandbox)
    seqr_proxy.lose_answers = True
    with pytest.raises(SeqrOutcomeUnknown):
        refresh(invoice)
    seqr_proxy.lose_answers = False
    second = services.pay_again(invoice.order.customer, invoice.order.public_id)
    services.send_invoice(second.pk)
    sandbox.pay(reference(fresh(second)))
    refresh(second)
    before = asked(sandbox, "getPaymentStatus")

    for _ in range(2):
        services.ask_once_more(invoice.pk, Cause("sweep"))

    case = MoneyCase.objects.get(invoice=invoice)
    assert (case.kind, case.closed_at) == (CaseKind.SECOND_PAYMENT, None)
    assert asked(sandbox, "getPaymentStatus") == before


def test_a_second_payment_that_was_accepted_before_the_first_was_known_tells_a_person(
    sandbox: SandboxProcess, seqr_proxy: SeqrProxy
) -> None:
    first = ended_and_then_paid(sandbox)
    second = services.pay_again(first.order.customer, first.order.public_id)
    services.send_invoice(second.pk)
    sandbox.pay(reference(fresh(second)))

    def the_first_turns_out_to_be_paid() -> None:
        seqr_proxy.before_answer = lambda: None
        refresh(first)

    seqr_proxy.before_answer = the_first_turns_out_to_be_paid

    refresh(second)

    assert fresh(first).status == S.PAID
    assert "answer_after_order_was_paid" in story(second)
    case = MoneyCase.objects.get(invoice=second)
    assert (case.kind, case.closed_at) == (CaseKind.SECOND_PAYMENT, None)


def test_a_lost_answer_is_awaited_no_more_once_somebody_else_has_found_the_payment(
    sandbox: SandboxProcess,
) -> None:
    invoice = ended_and_then_paid(sandbox)
    refresh(invoice)
    Invoice.objects.filter(pk=invoice.pk).update(answer_awaited_since=database_now())

    services.ask_once_more(invoice.pk, Cause("sweep"))

    assert fresh(invoice).status == S.PAID
    assert fresh(invoice).answer_awaited_since is None


def test_an_answered_question_about_an_ended_invoice_is_not_asked_again(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()
    services.cancel_invoice(invoice.pk, CancelReason.CUSTOMER, Cause("customer"))

    refresh(invoice)

    assert fresh(invoice).answer_awaited_since is None


# --- Many at once --------------------------------------------------------------------------------


def routine(invoice: Invoice, version: int, status: InvoiceStatus) -> tuple[Question, Answer]:
    question = Question(
        invoice.pk, invoice.invoice_reference or "", invoice.invoice_version, status
    )
    return question, Answer(version, status, call=CallMade("getPaymentStatus", "ref", 3, 0))


def test_routine_answers_bring_versions_and_acknowledge_payments() -> None:
    issued, paid = invoice_in(S.ISSUED), invoice_in(S.PAID, invoice_version=2)
    answers = [routine(issued, 1, S.ISSUED), routine(paid, 3, S.PAID)]

    written = record_routine(answers, Cause("poller"))

    assert written == {issued.pk, paid.pk}
    assert (fresh(issued).invoice_version, fresh(issued).acknowledged_at) == (1, None)
    assert fresh(paid).invoice_version == 3
    assert fresh(paid).acknowledged_at is not None
    [call] = Event.objects.filter(about=About.CALL)  # what only brings a version is not told
    assert call.order_id == paid.order_id


@pytest.mark.parametrize(
    ("became", "version"),
    [(S.PAID, 0), (S.CANCEL_PENDING, 0), (S.CANCELED, 0), (S.ISSUED, 7)],
    ids=["paid", "being cancelled", "cancelled", "newer"],
)
def test_a_routine_answer_about_what_stands_otherwise_by_now_is_left_out(
    became: InvoiceStatus, version: int
) -> None:
    invoice = invoice_in(became, invoice_version=version)
    answer = routine(invoice, 1, S.ISSUED)

    written = record_routine([answer], Cause("poller"))

    assert written == set()
    assert fresh(invoice).invoice_version == version
