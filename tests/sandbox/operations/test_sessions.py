"""Scanning a printed code, and getClientSessionInfo with its token."""

import re

import pytest

from tests.sandbox.code_coverage import covers_codes
from tests.sandbox.raw_soap import RESELLER, SoapClient, SoapResponse, context
from tests.sandbox_process import ControlError, SandboxProcess


def entries(response: SoapResponse) -> dict[str | None, str | None]:
    found = response.content.iterfind("return/parameters/entry")
    return {entry.findtext("key"): entry.findtext("value") for entry in found}


def test_scan_opens_order_page_with_token_in_fragment(
    cafe: SandboxProcess,
) -> None:
    scan = cafe.scan("HTTP://SEQR.SE/000/CAFE?TABLE=4")

    assert re.fullmatch(r"\d{10}-\d{8}", scan["token"])
    assert scan["order_url"] == f"https://cafe.example/order#{scan['token']}"


@covers_codes("getClientSessionInfo", 0)
def test_token_returns_customer_and_code_parameters(soap: SoapClient, cafe: SandboxProcess) -> None:
    scan = cafe.scan("http://seqr.se/000/CAFE?TABLE=4&ROOM=a%20b", "46701234567")

    response = soap.session(scan["token"])

    found = entries(response)
    assert response.code == 0
    assert response.names() == ["resultCode", "resultDescription", "parameters"]
    assert found["msisdn"] == "46701234567"
    assert found["TABLE"] == "4"
    assert found["ROOM"] == "a b"
    assert found["authKey"]
    assert found["subscriberKey"]


def test_code_parameters_cannot_replace_the_customer(
    soap: SoapClient, cafe: SandboxProcess
) -> None:
    scan = cafe.scan("HTTP://SEQR.SE/000/CAFE?msisdn=46709999999", "46701234567")

    response = soap.session(scan["token"])

    assert entries(response)["msisdn"] == "46701234567"
    assert len(response.content.findall("return/parameters/entry")) == 3


def test_subscriber_key_is_stable_per_phone(soap: SoapClient, cafe: SandboxProcess) -> None:
    numbers = ("46701234567", "46701234567", "46707654321")

    scans = [cafe.scan("HTTP://SEQR.SE/000/CAFE", number) for number in numbers]

    first, again, other = (entries(soap.session(scan["token"]))["subscriberKey"] for scan in scans)
    assert first == again
    assert first != other


@covers_codes("getClientSessionInfo", 52)
@pytest.mark.parametrize("token", ["", "0000000001-00000000", "nonsense"])
def test_unknown_token_is_refused_with_empty_parameters(soap: SoapClient, token: str) -> None:
    response = soap.session(token)

    assert response.code == 52
    assert response.names() == ["resultCode", "resultDescription", "parameters"]
    assert response.names("parameters") == []


def test_token_expires_after_an_hour(soap: SoapClient, cafe: SandboxProcess) -> None:
    token = cafe.scan("HTTP://SEQR.SE/000/CAFE")["token"]
    cafe.advance(3590)
    in_time = soap.session(token)

    cafe.advance(10)

    assert in_time.code == 0
    assert soap.session(token).code == 52


def test_token_lifetime_can_be_configured(configured_sandbox: SandboxProcess) -> None:
    scan = configured_sandbox.scan("HTTP://SEQR.SE/000/CAFE")

    configured_sandbox.advance(60)

    assert scan["order_url"] == f"https://cafe.example/shop/order#{scan['token']}"
    assert SoapClient(configured_sandbox).session(scan["token"]).code == 52


@pytest.mark.parametrize("principal", [None, RESELLER])
def test_both_kinds_of_principal_may_get_session_info(
    soap: SoapClient, cafe: SandboxProcess, principal: str | None
) -> None:
    token = cafe.scan("HTTP://SEQR.SE/000/CAFE")["token"]
    head = context(principal) if principal else context()

    response = soap.call("getClientSessionInfo", f"<key>{token}</key>", with_context=head)

    assert response.code == 0


OTHER_CODES = [
    "",
    "nonsense",
    "HTTPS://SEQR.SE/000/CAFE",
    "HTTP://SEQR.EXAMPLE/000/CAFE",
    "HTTP://SEQR.SE/001/CAFE",
    "HTTP://SEQR.SE/CAFE",
    "HTTP://SEQR.SE/000/CAFE/4",
    "HTTP://SEQR.SE/000/CAFE?TABLE=%00",
    "http://[",
    "HTTP://SEQR.SE/000/CAFE\n",
]


@pytest.mark.parametrize("url", OTHER_CODES)
def test_scan_refuses_other_codes(cafe: SandboxProcess, url: str) -> None:
    with pytest.raises(ControlError, match="400: url: "):
        cafe.scan(url)


@pytest.mark.parametrize("service_id", ["BAR", "cafe"])
def test_scan_of_unknown_shop_is_not_found(cafe: SandboxProcess, service_id: str) -> None:
    with pytest.raises(ControlError, match=f"404: No shop has the service ID '{service_id}'"):
        cafe.scan(f"HTTP://SEQR.SE/000/{service_id}")
