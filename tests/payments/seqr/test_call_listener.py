"""A listener gets a record of each finished call, without the call's content."""

import re

import pytest

from payments.seqr import CallRecord, SeqrClient, SeqrConflict, SeqrError, SeqrOutcomeUnknown
from tests.payments.seqr.sample_calls import SAMPLE_CALLS, SampleCall, every_operation
from tests.payments.seqr.sample_responses import ISSUED_RESPONSE, seqr_response
from tests.payments.seqr.scripted_server import Connection, ScriptedServer
from tests.payments.seqr.test_secrets import FAILURES, assert_no_secret


@every_operation
def test_successful_call_is_recorded_without_content(
    call: SampleCall,
    listening_client: SeqrClient,
    server: ScriptedServer,
    records: list[CallRecord],
) -> None:
    server.respond_with(call.response)

    call.full(listening_client)

    (record,) = records
    assert (record.operation, record.result_code, record.reason) == (call.operation, 0, "")
    assert re.fullmatch(r"[0-9a-f]{32}", record.client_reference)
    assert 0 <= record.duration_ms < 30_000
    assert_no_secret(repr(record))


def test_record_has_the_client_reference_that_was_sent(
    listening_client: SeqrClient, server: ScriptedServer, records: list[CallRecord]
) -> None:
    server.respond_with(seqr_response("cancelInvoice"))

    listening_client.cancel_invoice("1001")

    reference = f"<clientReference>{records[0].client_reference}<"
    assert reference.encode() in server.requests[-1].body


def test_refused_call_is_recorded_with_its_code_and_raises(
    listening_client: SeqrClient, server: ScriptedServer, records: list[CallRecord]
) -> None:
    server.respond_with(seqr_response("cancelInvoice", code=50))

    with pytest.raises(SeqrConflict) as caught:
        listening_client.cancel_invoice("1001")

    (record,) = records
    assert (record.result_code, record.reason) == (50, caught.value.reason)


def test_timed_out_call_is_recorded_without_code_and_with_its_duration(
    short_timeout_client: SeqrClient, server: ScriptedServer, records: list[CallRecord]
) -> None:
    server.handler = Connection.stall

    with pytest.raises(SeqrOutcomeUnknown):
        short_timeout_client.with_listener(records.append).cancel_invoice("1001")

    (record,) = records
    assert (record.result_code, record.reason) == (None, "no complete response in time")
    assert 990 <= record.duration_ms < 30_000


@pytest.mark.parametrize("failure", FAILURES)
def test_failed_calls_are_recorded_without_secrets(
    failure: str, listening_client: SeqrClient, server: ScriptedServer, records: list[CallRecord]
) -> None:
    for operation, call in SAMPLE_CALLS.items():
        server.respond_and_close(FAILURES[failure](operation))
        with pytest.raises(SeqrError):
            call.minimal(listening_client)

    assert [record.operation for record in records] == list(SAMPLE_CALLS)
    assert_no_secret(repr(records))


def test_invalid_argument_is_not_recorded(
    listening_client: SeqrClient, records: list[CallRecord]
) -> None:
    with pytest.raises(ValueError, match="invoice_reference"):
        listening_client.cancel_invoice("")

    assert records == []


def test_each_listener_gets_only_its_own_calls_over_a_shared_connection(
    client: SeqrClient, server: ScriptedServer
) -> None:
    server.respond_with(ISSUED_RESPONSE)
    first: list[CallRecord] = []
    second: list[CallRecord] = []

    client.with_listener(first.append).get_payment_status("1001", 0)
    client.with_listener(second.append).get_payment_status("1001", 0)
    client.get_payment_status("1001", 0)

    assert (len(first), len(second)) == (1, 1)
    assert first != second
    assert server.connections == 1
