"""Scanning a printed code, and getClientSessionInfo with the token that comes of it."""

import re

import pytest

from tests.sandbox.raw_soap import RESELLER, Answer, Soap, context
from tests.sandbox.shows import shows
from tests.sandbox_process import ControlError, SandboxProcess


def entries(answer: Answer) -> dict[str | None, str | None]:
    found = answer.content.iterfind("return/parameters/entry")
    return {entry.findtext("key"): entry.findtext("value") for entry in found}


def test_a_scan_leads_to_the_order_page_with_the_token_in_the_fragment(
    cafe: SandboxProcess,
) -> None:
    scan = cafe.scan("HTTP://SEQR.SE/000/CAFE?TABLE=4")

    assert re.fullmatch(r"\d{10}-\d{8}", scan["token"])
    assert scan["order_url"] == f"https://cafe.example/order#{scan['token']}"


@shows("getClientSessionInfo", 0)
def test_the_token_tells_who_the_customer_is_and_what_the_code_said(
    soap: Soap, cafe: SandboxProcess
) -> None:
    scan = cafe.scan("http://seqr.se/000/CAFE?TABLE=4&ROOM=a%20b", "46701234567")

    answer = soap.session(scan["token"])

    found = entries(answer)
    assert answer.code == 0
    assert answer.names() == ["resultCode", "resultDescription", "parameters"]
    assert found["msisdn"] == "46701234567"
    assert found["TABLE"] == "4"
    assert found["ROOM"] == "a b"
    assert found["authKey"]
    assert found["subscriberKey"]


def test_a_code_cannot_say_who_the_customer_is(soap: Soap, cafe: SandboxProcess) -> None:
    scan = cafe.scan("HTTP://SEQR.SE/000/CAFE?msisdn=46709999999", "46701234567")

    answer = soap.session(scan["token"])

    assert entries(answer)["msisdn"] == "46701234567"
    assert len(answer.content.findall("return/parameters/entry")) == 3


def test_a_phone_keeps_its_subscriber_key_over_scans_and_another_has_its_own(
    soap: Soap, cafe: SandboxProcess
) -> None:
    numbers = ("46701234567", "46701234567", "46707654321")

    scans = [cafe.scan("HTTP://SEQR.SE/000/CAFE", number) for number in numbers]

    first, again, other = (entries(soap.session(scan["token"]))["subscriberKey"] for scan in scans)
    assert first == again
    assert first != other


@shows("getClientSessionInfo", 52)
@pytest.mark.parametrize("token", ["", "0000000001-00000000", "nonsense"])
def test_an_unknown_token_is_refused_with_52_and_an_empty_answer(soap: Soap, token: str) -> None:
    answer = soap.session(token)

    assert answer.code == 52
    assert answer.names() == ["resultCode", "resultDescription", "parameters"]
    assert answer.names("parameters") == []


def test_a_token_expires_after_an_hour(soap: Soap, cafe: SandboxProcess) -> None:
    token = cafe.scan("HTTP://SEQR.SE/000/CAFE")["token"]
    cafe.advance(3590)
    in_time = soap.session(token)

    cafe.advance(10)

    assert in_time.code == 0
    assert soap.session(token).code == 52


def test_a_token_lives_as_long_as_the_sandbox_was_told(tuned: SandboxProcess) -> None:
    scan = tuned.scan("HTTP://SEQR.SE/000/CAFE")

    tuned.advance(60)

    assert scan["order_url"] == f"https://cafe.example/shop/order#{scan['token']}"
    assert Soap(tuned).session(scan["token"]).code == 52


@pytest.mark.parametrize("principal", [None, RESELLER])
def test_both_kinds_of_principal_may_ask(
    soap: Soap, cafe: SandboxProcess, principal: str | None
) -> None:
    token = cafe.scan("HTTP://SEQR.SE/000/CAFE")["token"]
    head = context(principal) if principal else context()

    answer = soap.call("getClientSessionInfo", f"<key>{token}</key>", with_context=head)

    assert answer.code == 0


NO_CODES = [
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


@pytest.mark.parametrize("url", NO_CODES)
def test_what_is_no_service_code_cannot_be_scanned(cafe: SandboxProcess, url: str) -> None:
    with pytest.raises(ControlError, match="400: url: "):
        cafe.scan(url)


@pytest.mark.parametrize("service_id", ["BAR", "cafe"])
def test_the_code_of_an_unknown_service_is_not_found(cafe: SandboxProcess, service_id: str) -> None:
    with pytest.raises(ControlError, match=f"404: No shop has the service ID '{service_id}'"):
        cafe.scan(f"HTTP://SEQR.SE/000/{service_id}")
