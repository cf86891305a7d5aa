"""The status codec decodes exactly as the gateway does."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.seqr import PaymentStatus, SeqrError
from payments.seqr.operations import GET_PAYMENT_STATUS
from payments.seqr.soap_client import read_response
from payments.seqr.status_codec import StatusResponses
from payments.seqr.transport import HttpResponse
from tests.payments.seqr.sample_responses import ISSUED_FIELDS, PAID_FIELDS, soap_response
from tests.payments.seqr.test_response_parser import UNREADABLE

BASE = "<resultCode>0</resultCode><resultDescription>SUCCESS</resultDescription>"
PLAIN = soap_response("getPaymentStatus", BASE + ISSUED_FIELDS)

FIELDS = {
    "issued": BASE + ISSUED_FIELDS,
    "with an empty ersReference": "<ersReference/>" + BASE + ISSUED_FIELDS,
    "with a receipt after an empty ersReference": "<version>2</version><status>PAID</status>"
    "<resultCode>0</resultCode><ersReference/><receipt><terminalId>t1</terminalId></receipt>",
    "with no description": "<resultCode>0</resultCode>" + ISSUED_FIELDS,
    "paid": "<ersReference>E1</ersReference>" + BASE + PAID_FIELDS,
    "paid without a reference": BASE + PAID_FIELDS,
    "with a nil receipt": BASE + ISSUED_FIELDS + '<receipt xsi:nil="true"/>',
    "with an empty receipt": BASE + ISSUED_FIELDS + "<receipt/>",
    "with a token": BASE
    + "<status>PENDING_ISSUER_ACKNOWLEDGE</status><customerTokens><token><id>a</id>"
    "<status>0</status></token></customerTokens><version>2</version>",
    "with an unknown element": BASE + "<extra>1</extra>" + ISSUED_FIELDS,
    "an unknown status": BASE + "<status>HOVERING</status><version>2</version>",
    "no status": BASE + "<version>2</version>",
    "a nil status": BASE + '<status xsi:nil="true">PAID</status><version>2</version>',
    "an empty status": BASE + "<status/><version>2</version>",
    "two versions": BASE + ISSUED_FIELDS + "<version>2</version>",
    "an empty version and another": BASE + "<version/>" + ISSUED_FIELDS,
    "a version with spaces": BASE + "<status> ISSUED </status><version> 2 </version>",
    "a negative version": BASE + "<status>ISSUED</status><version>-1</version>",
    "a version beyond an int": BASE + "<status>ISSUED</status><version>2147483648</version>",
    "a version in Arabic digits": BASE + "<status>ISSUED</status><version>٣</version>",
    "a status around an element": BASE + "<status>ISSUED<x/></status><version>2</version>",
    "a comment in the status": BASE + "<status>ISS<!-- x -->UED</status><version>2</version>",
    "CDATA": BASE + "<status><![CDATA[ISSUED_FIELDS]]></status><version>2</version>",
    "result code 54": "<resultCode>54</resultCode>",
    "result code 20": "<resultCode>20</resultCode>",
    "result code 93": "<resultCode>93</resultCode>",
    "result code 90": "<resultCode>90</resultCode>",
    "result code 1234": "<resultCode>1234</resultCode>" + ISSUED_FIELDS,
    "no result code": ISSUED_FIELDS,
    "an attribute": BASE + '<status kind="x">ISSUED</status><version>2</version>',
}
BODIES = {
    name: soap_response("getPaymentStatus", fields) for name, fields in FIELDS.items()
} | UNREADABLE


@pytest.fixture
def responses() -> StatusResponses:
    return StatusResponses()


def result_of(decode: Callable[[], PaymentStatus]) -> PaymentStatus | tuple[type, object]:
    """Return the decoded status, or the type and arguments of the error."""
    try:
        return decode()
    except SeqrError as error:
        return type(error), error.args


def fully_validated(body: bytes, status: int = 200) -> PaymentStatus | tuple[type, object]:
    return result_of(lambda: read_response(GET_PAYMENT_STATUS, HttpResponse(status, body)))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("status", [200, 302, 404, 500, 502])
def test_codec_decodes_every_response_as_the_gateway_does(
    responses: StatusResponses, body: bytes, status: int
) -> None:
    response = HttpResponse(status, body)

    first, cached = (result_of(lambda: responses.decode(response)) for _ in range(2))

    assert first == cached == fully_validated(body, status)


@given(st.data())
def test_codec_decodes_a_mutated_response_as_the_gateway_does(data: st.DataObject) -> None:
    responses = StatusResponses()
    body = bytearray(data.draw(st.sampled_from([PLAIN, BODIES["paid"]])))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    response = HttpResponse(200, bytes(body))

    assert result_of(lambda: responses.decode(response)) == fully_validated(response.body)


def test_only_the_plain_response_takes_the_fast_path(responses: StatusResponses) -> None:
    assert responses._decode_plain(PLAIN) == fully_validated(PLAIN)
    assert responses._decode_plain(BODIES["paid"]) is None
