"""What each operation makes of success, of every result code, and of an answer that is lost."""

import pytest

from payments.seqr import (
    Invoice,
    ResultCode,
    SeqrClient,
    SeqrError,
    SeqrOutcomeUnknown,
    SeqrProtocolError,
)
from tests.payments.seqr.hostile_server import HostileServer, Line, http
from tests.payments.seqr.sample_answers import ISSUED, answer, response
from tests.payments.seqr.sample_calls import SAMPLES

NOT_REPEATABLE = {
    "commitReservation",
    "refundPayment",
    "markTransactionPeriod",
    "registerTerminal",
    "unregisterTerminal",
}
UNKNOWN_IF_NOT_REPEATABLE = {1, 2, 90, 94}
FAILURES = [code for code in ResultCode if code]


def expected_error(operation: str, code: ResultCode) -> type[SeqrError]:
    if operation in NOT_REPEATABLE and code in UNKNOWN_IF_NOT_REPEATABLE:
        return SeqrOutcomeUnknown
    assert code.error is not None
    return code.error


def test_the_samples_name_what_must_not_be_repeated() -> None:
    assert {name for name, sample in SAMPLES.items() if not sample.repeatable} == NOT_REPEATABLE


@pytest.mark.parametrize("operation", SAMPLES)
def test_success_becomes_its_value(
    operation: str, client: SeqrClient, hostile_server: HostileServer, invoice: Invoice
) -> None:
    sample = SAMPLES[operation]
    hostile_server.answer_with(sample.answer(operation))

    assert sample.least(client, invoice) == sample.result
    assert sample.most(client, invoice) == sample.result


@pytest.mark.parametrize("operation", SAMPLES)
def test_every_result_code_becomes_its_error_even_if_all_else_is_missing(
    operation: str, client: SeqrClient, hostile_server: HostileServer, invoice: Invoice
) -> None:
    answers = [response(operation, f"<resultCode>{code.value}</resultCode>") for code in FAILURES]
    hostile_server.answer_with(*[http(body) for body in answers])

    for code in FAILURES:
        with pytest.raises(SeqrError) as caught:
            SAMPLES[operation].least(client, invoice)

        assert type(caught.value) is expected_error(operation, code), code
        assert caught.value.result_code == code
        assert str(caught.value) == f"{operation}: SEQR answered {code.value} {code.name}."


@pytest.mark.parametrize("operation", SAMPLES)
def test_without_an_answer_the_outcome_is_unknown(
    operation: str, client: SeqrClient, hostile_server: HostileServer, invoice: Invoice
) -> None:
    hostile_server.behave = Line.close

    with pytest.raises(SeqrOutcomeUnknown) as caught:
        SAMPLES[operation].least(client, invoice)

    assert type(caught.value) is SeqrOutcomeUnknown
    assert len(hostile_server.requests) == 1


@pytest.mark.parametrize("operation", SAMPLES)
def test_only_what_is_repeatable_is_sent_again_when_a_kept_connection_dies(
    operation: str, client: SeqrClient, hostile_server: HostileServer, invoice: Invoice
) -> None:
    sample = SAMPLES[operation]

    def behave(line: Line) -> None:
        if len(hostile_server.requests) == 1:
            line.send(answer("getPaymentStatus", ISSUED))
        elif len(hostile_server.requests) == 2:
            line.close()
        else:
            line.send(sample.answer(operation))

    hostile_server.behave = behave
    client.get_payment_status("1", 0)

    if sample.repeatable:
        assert sample.least(client, invoice) == sample.result
    else:
        with pytest.raises(SeqrOutcomeUnknown):
            sample.least(client, invoice)

    seen = [request for request in hostile_server.requests if operation.encode() in request.body]
    others = 1 if operation == "getPaymentStatus" else 0
    assert len(seen) - others == (2 if sample.repeatable else 1)


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
def test_a_success_without_what_matters_is_a_protocol_error_that_tells_of_the_success(
    operation: str,
    missing: str,
    client: SeqrClient,
    hostile_server: HostileServer,
    invoice: Invoice,
) -> None:
    empty = http(response(operation, f"<{missing}> </{missing}><resultCode>0</resultCode>"))
    hostile_server.answer_with(answer(operation), empty)

    for _ in range(2):
        with pytest.raises(SeqrProtocolError, match=f"the response has no {missing}") as caught:
            SAMPLES[operation].least(client, invoice)

        assert caught.value.result_code == 0
