"""The poller's way to ask: the gateway's own questions and answers, many at a time."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from payments.seqr import (
    BulkStatusClient,
    CompletedStatusCall,
    PaymentStatus,
    SeqrClient,
    SeqrConfig,
    SeqrError,
    SeqrOutcomeUnknown,
    SeqrUnavailable,
)
from payments.seqr.bulk_status_client import POOL_CONNECTIONS
from payments.seqr.operations import GET_PAYMENT_STATUS
from payments.seqr.soap_client import read_response
from payments.seqr.status_codec import StatusCodec
from payments.seqr.transport import HttpResponse
from tests.payments.seqr.hostile_server import HostileServer, Line, Request, http
from tests.payments.seqr.sample_answers import ISSUED, PAID, answer, response
from tests.payments.seqr.test_unreadable_answers import UNREADABLE
from tests.sandbox_process import SandboxProcess

BASE = "<resultCode>0</resultCode><resultDescription>SUCCESS</resultDescription>"
PLAIN = response("getPaymentStatus", BASE + ISSUED)


@pytest.fixture
def calls(config: SeqrConfig) -> Iterator[BulkStatusClient]:
    made = BulkStatusClient(replace(config, timeout_seconds=0.5), 200)
    yield made
    made.close()


@pytest.fixture
def messages(config: SeqrConfig) -> StatusCodec:
    return StatusCodec(config)


def replies_of(calls: BulkStatusClient, *, at_most_seconds: float = 5) -> list[CompletedStatusCall]:
    replies: list[CompletedStatusCall] = []
    until = time.monotonic() + at_most_seconds
    while len(calls) and time.monotonic() < until:
        replies += calls.collect()
        time.sleep(0.001)
    return replies


def canonical(envelope: bytes, *, but_for: str) -> bytes:
    root = etree.fromstring(envelope)
    for element in root.iter(but_for):
        element.text = "-"
    return etree.tostring(root, method="c14n")


def headers_of(request: Request) -> set[str]:
    return {line for line in request.head.splitlines() if "Content-Length" not in line}


def full_reading(body: bytes, status: int = 200) -> PaymentStatus | tuple[type, object]:
    try:
        return read_response(GET_PAYMENT_STATUS, HttpResponse(status, body))
    except SeqrError as error:
        return type(error), error.args


def quick_reading(
    messages: StatusCodec, body: bytes, status: int = 200
) -> PaymentStatus | tuple[type, object]:
    try:
        return messages.decode(HttpResponse(status, body))
    except SeqrError as error:
        return type(error), error.args


@pytest.mark.parametrize("reference", ["1001", "a&b<c>'\"", "å ä ö", "\x07bell", " spaced "])
@pytest.mark.parametrize("version", [0, 7, 2**31 - 1])
def test_the_question_is_the_one_that_the_gateway_sends(
    client: SeqrClient,
    calls: BulkStatusClient,
    hostile_server: HostileServer,
    reference: str,
    version: int,
) -> None:
    hostile_server.behave = lambda line: line.send(answer("getPaymentStatus", ISSUED))

    client.get_payment_status(reference, version)
    calls.send(1, reference, version)
    replies_of(calls)

    theirs, ours = (request.body for request in hostile_server.requests)
    assert canonical(ours, but_for="clientReference") == canonical(
        theirs, but_for="clientReference"
    )
    heads = [headers_of(request) for request in hostile_server.requests]
    assert heads[0] == heads[1]


def test_each_question_has_a_client_reference_of_its_own(
    calls: BulkStatusClient, hostile_server: HostileServer
) -> None:
    hostile_server.behave = lambda line: line.send(answer("getPaymentStatus", ISSUED))

    for key in range(5):
        calls.send(key, "1001", 0)
    replies = replies_of(calls)

    sent = {
        etree.fromstring(r.body).findtext(".//clientReference") for r in hostile_server.requests
    }
    assert sent == {reply.client_reference for reply in replies}
    assert len(sent) == 5
    assert all(0 < len(reference or "") <= 32 for reference in sent)


ANSWERS = {
    "issued": BASE + ISSUED,
    "with an empty ersReference": "<ersReference/>" + BASE + ISSUED,
    "with no description": "<resultCode>0</resultCode>" + ISSUED,
    "paid": "<ersReference>E1</ersReference>" + BASE + PAID,
    "paid without a reference": BASE + PAID,
    "with a nil receipt": BASE + ISSUED + '<receipt xsi:nil="true"/>',
    "with an empty receipt": BASE + ISSUED + "<receipt/>",
    "with a token": BASE
    + "<status>PENDING_ISSUER_ACKNOWLEDGE</status><customerTokens><token><id>a</id>"
    "<status>0</status></token></customerTokens><version>2</version>",
    "with an unknown element": BASE + "<news>1</news>" + ISSUED,
    "an unknown status": BASE + "<status>HOVERING</status><version>2</version>",
    "no status": BASE + "<version>2</version>",
    "a nil status": BASE + '<status xsi:nil="true">PAID</status><version>2</version>',
    "an empty status": BASE + "<status/><version>2</version>",
    "two versions": BASE + ISSUED + "<version>2</version>",
    "an empty version and one": BASE + "<version/>" + ISSUED,
    "a version with spaces": BASE + "<status> ISSUED </status><version> 2 </version>",
    "a negative version": BASE + "<status>ISSUED</status><version>-1</version>",
    "a version too great": BASE + "<status>ISSUED</status><version>2147483648</version>",
    "a version in other digits": BASE + "<status>ISSUED</status><version>٣</version>",
    "a status around an element": BASE + "<status>ISSUED<x/></status><version>2</version>",
    "a comment in the status": BASE + "<status>ISS<!-- x -->UED</status><version>2</version>",
    "CDATA": BASE + "<status><![CDATA[ISSUED]]></status><version>2</version>",
    "result code 54": "<resultCode>54</resultCode>",
    "result code 20": "<resultCode>20</resultCode>",
    "result code 93": "<resultCode>93</resultCode>",
    "result code 90": "<resultCode>90</resultCode>",
    "result code 1234": "<resultCode>1234</resultCode>" + ISSUED,
    "no result code": ISSUED,
    "an attribute": BASE + '<status kind="x">ISSUED</status><version>2</version>',
}
BODIES = {
    name: response("getPaymentStatus", fields) for name, fields in ANSWERS.items()
} | UNREADABLE


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("status", [200, 302, 404, 500, 502])
def test_every_answer_is_read_as_the_gateway_reads_it(
    messages: StatusCodec, body: bytes, status: int
) -> None:
    first, again = (quick_reading(messages, body, status) for _ in range(2))

    assert first == again == full_reading(body, status)


@given(st.data())
def test_an_answer_with_anything_changed_is_read_as_the_gateway_reads_it(
    data: st.DataObject,
) -> None:
    messages = StatusCodec(CONFIG)
    body = bytearray(data.draw(st.sampled_from([PLAIN, BODIES["paid"]])))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))

    assert quick_reading(messages, bytes(body)) == full_reading(bytes(body))


def test_the_plain_answer_takes_the_quick_way(messages: StatusCodec) -> None:
    assert messages._decode_plain(PLAIN) == full_reading(PLAIN)
    assert messages._decode_plain(BODIES["paid"]) is None


def test_many_calls_are_under_way_at_a_time_over_connections_that_are_kept(
    calls: BulkStatusClient, hostile_server: HostileServer
) -> None:
    hostile_server.behave = lambda line: line.send(answer("getPaymentStatus", ISSUED))
    size = POOL_CONNECTIONS + 10

    for _ in range(2):
        for key in range(size):
            calls.send(key, str(key), 0)
        assert len(calls) == size
        replies = replies_of(calls)

    assert sorted(reply.key for reply in replies) == list(range(size))
    assert all(isinstance(reply.outcome, PaymentStatus) for reply in replies)
    assert hostile_server.connections <= size


def test_each_reply_is_about_its_own_invoice(
    calls: BulkStatusClient, sandbox: SandboxProcess, config: SeqrConfig
) -> None:
    at_the_sandbox = BulkStatusClient(
        replace(
            config,
            service_url=f"{sandbox.base_url}/soap/service",
            terminal_id="public_test_shop_terminal",
            terminal_password="12345678",
        ),
        10,
    )

    at_the_sandbox.send(1, "no such invoice", 0)
    [reply] = replies_of(at_the_sandbox)
    at_the_sandbox.close()

    assert reply.key == 1
    assert isinstance(reply.outcome, SeqrError)
    assert reply.outcome.result_code == 54


def silent(line: Line) -> None:
    line.stay_silent()


@pytest.mark.parametrize(
    ("behave", "kind"),
    [
        (Line.close, SeqrOutcomeUnknown),
        (Line.reset, SeqrOutcomeUnknown),
        (silent, SeqrOutcomeUnknown),
        (lambda line: line.drip(http(PLAIN), 0.05), SeqrOutcomeUnknown),
        (lambda line: line.send(b"not HTTP at all\r\n\r\n"), SeqrError),
        (lambda line: line.send(http(b"x" * 5_000_000)), SeqrOutcomeUnknown),
    ],
    ids=["closed", "reset", "silent", "dripping", "not HTTP", "huge"],
)
def test_a_call_that_goes_wrong_ends_in_time_in_an_curl_error_the_gateway(
    calls: BulkStatusClient, hostile_server: HostileServer, behave: object, kind: type[SeqrError]
) -> None:
    hostile_server.behave = behave  # type: ignore[assignment]

    calls.send(7, "1001", 0)
    [reply] = replies_of(calls, at_most_seconds=2)

    assert reply.key == 7
    assert isinstance(reply.outcome, kind)


def test_a_refused_connection_means_that_nothing_happened(
    calls: BulkStatusClient, hostile_server: HostileServer
) -> None:
    hostile_server.stop()

    calls.send(7, "1001", 0)
    [reply] = replies_of(calls)

    assert isinstance(reply.outcome, SeqrUnavailable)


def test_calls_that_are_given_up_end_at_once_and_leave_room(
    calls: BulkStatusClient, hostile_server: HostileServer
) -> None:
    hostile_server.behave = silent
    calls.send(7, "1001", 0)
    calls.collect()
    time.sleep(0.02)

    old = calls.count_older_than(0.01)
    given_up = calls.abandon(0.01)

    assert (old, given_up, len(calls)) == (1, [7], 0)
    hostile_server.behave = lambda line: line.send(answer("getPaymentStatus", ISSUED))
    calls.send(8, "1001", 0)
    [reply] = replies_of(calls)
    assert isinstance(reply.outcome, PaymentStatus)


CONFIG = SeqrConfig(
    service_url="http://127.0.0.1:9",
    session_url="http://127.0.0.1:9",
    terminal_id="t",
    terminal_password="p",
    reseller_id="r",
    reseller_user_id="9900",
    reseller_password="p",
    client_id="c",
    channel="ClientWS",
    timeout_seconds=1,
)
