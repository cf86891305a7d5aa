"""Every operation's success, result codes and lost responses."""

import pytest

from payments.seqr import (
    ResultCode,
    SeqrClient,
    SeqrError,
    SeqrOutcomeUnknown,
    SeqrProtocolError,
)
from tests.payments.seqr.sample_calls import SAMPLE_CALLS, SampleCall, every_operation
from tests.payments.seqr.sample_responses import ISSUED_RESPONSE, seqr_response, soap_response
from tests.payments.seqr.scripted_server import Connection, ScriptedServer, http_response

NOT_REPEATABLE = {
    "commitReservation",
    "refundPayment",
    "markTransactionPeriod",
    "registerTerminal",
    "unregisterTerminal",
}
UNKNOWN_IF_NOT_REPEATABLE = {1, 2, 90, 94}
FAILURE_CODES = [code for code in ResultCode if code]


def expected_error(operation: str, code: ResultCode) -> type[SeqrError] | None:
    if operation in NOT_REPEATABLE and code in UNKNOWN_IF_NOT_REPEATABLE:
        return SeqrOutcomeUnknown
    return code.error


def test_sample_calls_agree_on_repeatability() -> None:
    not_repeatable = {name for name, call in SAMPLE_CALLS.items() if not call.repeatable}

    assert not_repeatable == NOT_REPEATABLE


@every_operation
def test_success_returns_the_value(
    call: SampleCall, client: SeqrClient, server: ScriptedServer
) -> None:
    server.respond_with(call.response)

    assert call.minimal(client) == call.value
    assert call.full(client) == call.value


@every_operation
def test_each_result_code_raises_its_error_even_without_other_fields(
    call: SampleCall, client: SeqrClient, server: ScriptedServer
) -> None:
    bodies = [
        soap_response(call.operation, f"<resultCode>{code.value}</resultCode>")
        for code in FAILURE_CODES
    ]
    server.respond_with(*[http_response(body) for body in bodies])

    for code in FAILURE_CODES:
        with pytest.raises(SeqrError) as caught:
            call.minimal(client)

        assert type(caught.value) is expected_error(call.operation, code), code
        assert caught.value.result_code == code
        assert str(caught.value) == f"{call.operation}: SEQR answered {code.value} {code.name}."


@every_operation
def test_missing_response_leaves_the_outcome_unknown(
    call: SampleCall, client: SeqrClient, server: ScriptedServer
) -> None:
    server.handler = Connection.close

    with pytest.raises(SeqrOutcomeUnknown) as caught:
        call.minimal(client)

    assert type(caught.value) is SeqrOutcomeUnknown
    assert len(server.requests) == 1


@every_operation
def test_only_a_repeatable_request_is_repeated_when_a_kept_connection_dies(
    call: SampleCall, client: SeqrClient, server: ScriptedServer
) -> None:
    def handler(connection: Connection) -> None:
        if len(server.requests) == 1:
            connection.send(ISSUED_RESPONSE)
        elif len(server.requests) == 2:
            connection.close()
        else:
            connection.send(call.response)

    server.handler = handler
    client.get_payment_status("1", 0)

    if call.repeatable:
        assert call.minimal(client) == call.value
    else:
        with pytest.raises(SeqrOutcomeUnknown):
            call.minimal(client)

    sent = [request for request in server.requests[1:] if call.operation.encode() in request.body]
    assert len(sent) == (2 if call.repeatable else 1)


@pytest.mark.parametrize(
    ("operation", "missing"),
    [
        ("sendInvoice", "invoiceReference"),
        ("refundPayment", "ersReference"),
        ("markTransactionPeriod", "transactionPeriodId"),
        ("executeReport", "report"),
        ("registerTerminal", "terminalId"),
    ],
)
def test_success_without_a_required_field_is_a_protocol_error_with_code_0(
    operation: str, missing: str, client: SeqrClient, server: ScriptedServer
) -> None:
    empty = soap_response(operation, f"<{missing}> </{missing}><resultCode>0</resultCode>")
    server.respond_with(seqr_response(operation), http_response(empty))

    for _ in range(2):
        with pytest.raises(SeqrProtocolError, match=f"the response has no {missing}") as caught:
            SAMPLE_CALLS[operation].minimal(client)

        assert caught.value.result_code == 0
