"""Who listens is told of each call as it ends, and never of what was said in it."""

import re

import pytest

from payments.seqr import (
    CallRecord,
    Invoice,
    SeqrClient,
    SeqrConflict,
    SeqrError,
    SeqrOutcomeUnknown,
)
from tests.payments.seqr.hostile_server import HostileServer, Line
from tests.payments.seqr.sample_answers import ISSUED, answer
from tests.payments.seqr.sample_calls import SAMPLES
from tests.payments.seqr.test_secrets import ANSWERS, assert_nothing_told


@pytest.mark.parametrize("operation", SAMPLES)
def test_a_success_is_told_with_its_code_and_without_content(
    operation: str, client: SeqrClient, hostile_server: HostileServer, invoice: Invoice
) -> None:
    hostile_server.answer_with(SAMPLES[operation].answer(operation))
    calls: list[CallRecord] = []

    SAMPLES[operation].most(client.with_listener(calls.append), invoice)

    (call,) = calls
    assert (call.operation, call.result_code, call.reason) == (operation, 0, "")
    assert re.fullmatch(r"[0-9a-f]{32}", call.client_reference)
    assert 0 <= call.duration_ms < 5000
    assert_nothing_told(repr(call))


def test_the_reference_told_is_the_one_that_seqr_got(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.answer_with(answer("cancelInvoice"))
    calls: list[CallRecord] = []

    client.with_listener(calls.append).cancel_invoice("1001")

    assert (
        f"<clientReference>{calls[0].client_reference}<".encode()
        in hostile_server.requests[-1].body
    )


def test_a_refusal_is_told_with_its_code_and_raised_as_ever(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.answer_with(answer("cancelInvoice", code=50))
    calls: list[CallRecord] = []

    with pytest.raises(SeqrConflict) as caught:
        client.with_listener(calls.append).cancel_invoice("1001")

    (call,) = calls
    assert (call.result_code, call.reason) == (50, caught.value.reason)


def test_silence_is_told_without_a_code_and_with_how_long_it_was(
    impatient_client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.behave = Line.stay_silent
    calls: list[CallRecord] = []

    with pytest.raises(SeqrOutcomeUnknown):
        impatient_client.with_listener(calls.append).cancel_invoice("1001")

    (call,) = calls
    assert (call.result_code, call.reason) == (None, "no complete response in time")
    assert 290 <= call.duration_ms < 3000


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_failure_tells_no_secret(
    kind: str, client: SeqrClient, hostile_server: HostileServer, invoice: Invoice
) -> None:
    calls: list[CallRecord] = []

    for operation, sample in SAMPLES.items():
        hostile_server.answer_and_close(ANSWERS[kind](operation))
        with pytest.raises(SeqrError):
            sample.least(client.with_listener(calls.append), invoice)

    assert [call.operation for call in calls] == list(SAMPLES)
    assert_nothing_told(repr(calls))


def test_what_cannot_be_asked_is_no_call(client: SeqrClient) -> None:
    calls: list[CallRecord] = []

    with pytest.raises(ValueError, match="invoice_reference"):
        client.with_listener(calls.append).cancel_invoice("")

    assert calls == []


def test_each_listener_hears_its_own_calls_over_one_connection(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.answer_with(answer("getPaymentStatus", ISSUED))
    first: list[CallRecord] = []
    second: list[CallRecord] = []

    client.with_listener(first.append).get_payment_status("1001", 0)
    client.with_listener(second.append).get_payment_status("1001", 0)
    client.get_payment_status("1001", 0)

    assert (len(first), len(second)) == (1, 1)
    assert first != second
    assert hostile_server.connections == 1
