"""The core of the control API: shops, customer actions, clock, reset, and errors."""

import http.client
import json

import pytest

from tests.sandbox.raw_soap import SoapClient, invoice
from tests.sandbox_process import REQUEST_SECONDS, ControlError, SandboxProcess

URLS = {
    f"{page}_url": f"https://cafe.example/{page}"
    for page in ("order", "success", "failure", "cancel")
}


def test_registered_shop_is_listed_and_replaced_by_service_id(
    sandbox: SandboxProcess,
) -> None:
    sandbox.control("POST", "/shops", {"service_id": "CAFE", **URLS})

    sandbox.control("POST", "/shops", {"service_id": "CAFE", "name": "Café", **URLS})

    listed = sandbox.control("GET", "/shops")["shops"]
    assert listed == [{"service_id": "CAFE", "name": "Café", "codes": [""], **URLS}]


@pytest.mark.parametrize(
    ("action", "status", "page"),
    [
        ("pay", "PAID", "success"),
        ("cancel", "CANCELED", "cancel"),
        ("fail", "FAILED", "failure"),
        ("expire", "EXPIRED", "failure"),
    ],
)
def test_customer_action_opens_shop_page_of_latest_scan(
    soap: SoapClient, cafe: SandboxProcess, action: str, status: str, page: str
) -> None:
    cafe.scan("HTTP://SEQR.SE/000/CAFE")
    token = cafe.scan("HTTP://SEQR.SE/000/CAFE")["token"]
    reference = soap.new_invoice()

    response = cafe.act(reference, action)

    redirect_url = f"https://cafe.example/{page}#{token}_{reference}"
    assert response == {"status": status, "redirect_url": redirect_url}


def test_token_identifies_the_payer(soap: SoapClient, cafe: SandboxProcess) -> None:
    token = cafe.scan("HTTP://SEQR.SE/000/CAFE", "46701234567")["token"]
    cafe.scan("HTTP://SEQR.SE/000/CAFE", "46707654321")
    reference = soap.new_invoice()

    response = cafe.pay(reference, token)

    assert response["redirect_url"] == f"https://cafe.example/success#{token}_{reference}"
    assert cafe.invoice(reference)["payer_msisdn"] == "46701234567"


@pytest.mark.parametrize("back_url", [None, "https://cafe.example/back"])
def test_payment_without_scan_returns_back_url(
    soap: SoapClient, sandbox: SandboxProcess, back_url: str | None
) -> None:
    reference = soap.new_invoice(invoice(back_url=back_url))

    response = sandbox.pay(reference)

    assert response == {"status": "PAID", "redirect_url": back_url}


def test_held_invoice_can_be_paid(soap: SoapClient, sandbox: SandboxProcess) -> None:
    reference = soap.new_invoice()
    held = sandbox.act(reference, "hold")

    paid = sandbox.pay(reference)

    assert held == {"status": "ISSUED", "redirect_url": None}
    assert paid["status"] == "PAID"
    assert sandbox.invoice(reference)["held"] is False


def test_unknown_token_or_invoice_is_reported(soap: SoapClient, sandbox: SandboxProcess) -> None:
    reference = soap.new_invoice()

    with pytest.raises(ControlError, match="400: token: "):
        sandbox.pay(reference, "0000000001-00000000")
    with pytest.raises(ControlError, match="404: There is no invoice '77'"):
        sandbox.pay("77")
    with pytest.raises(ControlError, match="404: There is no invoice '77'"):
        sandbox.invoice("77")


def test_reset_deletes_everything(soap: SoapClient, cafe: SandboxProcess) -> None:
    token = cafe.scan("HTTP://SEQR.SE/000/CAFE")["token"]
    reference = soap.new_invoice()
    cafe.advance(3000)

    cafe.reset()

    assert cafe.invoices() == []
    assert cafe.calls() == []
    assert cafe.control("GET", "/shops") == {"shops": []}
    assert soap.status(reference).code == 54
    assert soap.session(token).code == 52


def test_clock_stops_at_year_3000(sandbox: SandboxProcess) -> None:
    for _ in range(100):
        now = sandbox.control("POST", "/clock", {"advance_seconds": 10 * 366 * 24 * 3600})["now"]

    assert now.startswith("3000-01-01T00:00:00")


SHOP = {"service_id": "CAFE", **URLS}

BAD_INPUT = {
    "no service_id": ("/shops", URLS, "service_id"),
    "service_id with a slash": ("/shops", SHOP | {"service_id": "a/b"}, "service_id"),
    "service_id is a number": ("/shops", SHOP | {"service_id": 7}, "service_id"),
    "no cancel_url": ("/shops", SHOP | {"cancel_url": None}, "cancel_url"),
    "ftp": ("/shops", SHOP | {"order_url": "ftp://a.example/"}, "order_url"),
    "a fragment": ("/shops", SHOP | {"order_url": "http://a.example/#x"}, "order_url"),
    "no host": ("/shops", SHOP | {"order_url": "http:///order"}, "order_url"),
    "broken host": ("/shops", SHOP | {"order_url": "http://["}, "order_url"),
    "a line feed": ("/shops", SHOP | {"order_url": "http://a.example/\n"}, "order_url"),
    "a lone surrogate": ("/shops", SHOP | {"name": "\ud800"}, "name"),
    "endless name": ("/shops", SHOP | {"name": "x" * 501}, "name"),
    "codes are a text": ("/shops", SHOP | {"codes": "TABLE=4"}, "codes"),
    "no codes": ("/shops", SHOP | {"codes": []}, "codes"),
    "a code is a number": ("/shops", SHOP | {"codes": [4]}, "codes"),
    "a code with a null byte": ("/shops", SHOP | {"codes": ["TABLE=%00"]}, "codes"),
    "no url": ("/scan", {}, "url"),
    "msisdn with letters": ("/scan", {"url": "HTTP://SEQR.SE/000/A", "msisdn": "46x"}, "msisdn"),
    "msisdn with a zero": ("/scan", {"url": "HTTP://SEQR.SE/000/A", "msisdn": "0700"}, "msisdn"),
    "token is a list": ("/invoices/1/pay", {"token": []}, "token"),
    "no advance": ("/clock", {}, "advance_seconds"),
    "advance is a text": ("/clock", {"advance_seconds": "5"}, "advance_seconds"),
    "advance is true": ("/clock", {"advance_seconds": True}, "advance_seconds"),
    "back in time": ("/clock", {"advance_seconds": -1}, "advance_seconds"),
    "advance of 400 digits": ("/clock", {"advance_seconds": int("9" * 400)}, "advance_seconds"),
    "endless advance": ("/clock", {"advance_seconds": float("inf")}, "advance_seconds"),
    "no number at all": ("/clock", {"advance_seconds": float("nan")}, "advance_seconds"),
    "a body that is a list": ("/clock", [], "The body"),
}


@pytest.mark.parametrize(("path", "body", "field"), BAD_INPUT.values(), ids=BAD_INPUT.keys())
def test_invalid_input_gets_400_naming_the_field(
    sandbox: SandboxProcess, path: str, body: object, field: str
) -> None:
    with pytest.raises(ControlError, match=f"^400: {field}"):
        sandbox.control("POST", path, body)


def request(
    sandbox: SandboxProcess, method: str, path: str, body: bytes, content_type: str
) -> tuple[int, str]:
    """Send one request; return the status and the sentence in its JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=REQUEST_SECONDS)
    try:
        connection.request(method, path, body, {"Content-Type": content_type})
        response = connection.getresponse()
        return response.status, json.loads(response.read())["error"]
    finally:
        connection.close()


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff", b"[" * 200_000, b'{"advance_seconds": ' + b"9" * 5000 + b"}", b"1e999"],
    ids=["truncated", "not UTF-8", "deep", "long number", "no object"],
)
def test_body_that_is_no_json_object_is_refused(sandbox: SandboxProcess, body: bytes) -> None:
    status, sentence = request(sandbox, "POST", "/control/clock", body, "application/json")

    assert status == 400
    assert sentence.startswith("The body ")


def test_form_encoded_body_is_refused(sandbox: SandboxProcess) -> None:
    form = "application/x-www-form-urlencoded"

    status, sentence = request(sandbox, "POST", "/control/reset", b"a=b", form)

    assert status == 400
    assert "application/json" in sentence


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/control/scan", 405),
        ("DELETE", "/control/shops", 405),
        ("POST", "/control/calls", 405),
        ("GET", "/control", 404),
        ("GET", "/control/nothing", 404),
        ("POST", "/control/invoices/1/refund", 404),
    ],
)
def test_wrong_method_or_path_gets_json_error(
    sandbox: SandboxProcess, method: str, path: str, status: int
) -> None:
    received, sentence = request(sandbox, method, path, b"", "application/json")

    assert received == status
    assert sentence
