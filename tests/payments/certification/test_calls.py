"""What the evidence keeps of a message, and what it hides."""

from __future__ import annotations

from payments.certification.calls import CallRecorder, RecordedCall
from payments.certification.screen import shown_fields
from payments.seqr import CallRecord

ENVELOPE = """<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
  <n:{wrapper} xmlns:n="http://external.interfaces.ers.seamless.com/">{content}</n:{wrapper}>
</s:Body></s:Envelope>"""


def envelope(wrapper: str, content: str) -> bytes:
    return ENVELOPE.format(wrapper=wrapper, content=content).encode()


def recorded(request: bytes, answer: bytes | None, code: int | None = 0) -> RecordedCall:
    """Return what is kept of a call."""
    kept: list[RecordedCall] = []
    recorder = CallRecorder(kept.append, kept.append)
    recorder.sent("sendInvoice", request)
    if answer is not None:
        recorder.answered(answer)
    recorder.ended(CallRecord("sendInvoice", "r", 7, code, "" if code == 0 else "no response"))
    assert kept[0] is kept[1]
    return kept[0]


def test_password_and_addresses_are_hidden_and_unlisted_fields_are_left_out() -> None:
    request = envelope(
        "sendInvoice",
        "<context><clientId>A &amp; B</clientId><password>s3cret</password></context>"
        "<invoice><notificationUrl>https://shop/notify/key</notificationUrl></invoice>"
        "<extra>unlisted</extra>",
    )

    kept = recorded(request, None).request

    assert kept["context.clientId"] == "A & B"
    assert kept["context.password"] == kept["invoice.notificationUrl"] == "(hidden)"
    assert "unlisted" not in str(kept)


def test_parameters_are_named_by_their_keys() -> None:
    entries = "<entry><key>TERMINALID</key><value>till-1</value></entry>"
    request = envelope(
        "executeReport", f"<parameters><parameter>{entries}</parameter></parameters>"
    )

    assert recorded(request, None).request == {"parameters.TERMINALID": "till-1"}


def test_payers_phone_number_in_a_receipt_is_left_out() -> None:
    answer = envelope(
        "getPaymentStatusResponse",
        "<return><resultCode>0</resultCode><receipt><payerTerminalId>46700643933</payerTerminalId>"
        "<paymentReference>77</paymentReference><invoice><notificationUrl>https://shop/key"
        "</notificationUrl><totalAmount><value>1.00</value></totalAmount></invoice></receipt>"
        "<customerTokens><token><value>card-1</value></token></customerTokens></return>",
    )

    assert recorded(b"", answer).answer == {
        "resultCode": "0",
        "receipt.paymentReference": "77",
        "receipt.invoice.totalAmount.value": "1.00",
    }


def test_call_without_a_readable_answer_keeps_why() -> None:
    call = recorded(envelope("sendInvoice", ""), b"<html>", code=None)

    assert (call.answer, call.error, call.duration_ms) == ({}, "no response", 7)


def test_fields_are_shown_with_amounts_and_result_codes_as_one() -> None:
    fields = {
        "context.clientId": "Företaget AB",
        "receipt.invoice.totalAmount.currency": "SEK",
        "receipt.invoice.totalAmount.value": "1.00",
        "resultCode": "49",
        "resultDescription": "INVALID_INVOICE_DATA",
    }

    assert shown_fields(fields) == ["totalAmount 1.00 SEK", "resultCode 49 INVALID_INVOICE_DATA"]
    assert shown_fields(fields, with_context=True)[0] == "clientId Företaget AB"
