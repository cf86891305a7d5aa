"""PHP's SoapClient, generated from the served WSDL, buys as SEQR's published sample shop does.

SEQR's sample web shop is written in PHP. PHP's client shares nothing with ours: another author
wrote its reading of WSDL, its encoding of requests and its reading of responses.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.sandbox.http_pages import Browser
from tests.sandbox.operations.published_types import RETURNS, UNSUPPORTED
from tests.sandbox_process import SandboxProcess

SCRIPT: Final = Path(__file__).parent / "call.php"

SAMPLE_CONTEXT: Final = {
    "channel": "ClientWS",
    "clientId": "testClient",
    "clientRequestTimeout": 0,
    "initiatorPrincipalId": {"id": "public_test_shop_terminal", "type": "TERMINALID"},
    "password": "12345678",
}
"""What the sample sends: no clientReference."""


class PhpClient:
    """PHP's SoapClient for one service, in a process of its own."""

    def __init__(self, wsdl_url: str) -> None:
        program = shutil.which("php")
        assert program, (
            "PHP with its SOAP extension is needed: on Debian, `apt-get install php-cli php-soap`"
        )
        self._process = subprocess.Popen(
            [program, "-d", "display_errors=stderr", SCRIPT, wsdl_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.functions: list[str] = self._read()

    def call(self, operation: str, **arguments: object) -> Any:
        """Call an operation; return the elements of its response, or its fault."""
        assert self._process.stdin is not None
        line = json.dumps({"operation": operation, "arguments": arguments})
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "PHP ended; its error is above"
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()


@pytest.fixture
def php(sandbox: SandboxProcess) -> Iterator[PhpClient]:
    """A client of ERSWSExternalClientService."""
    client = PhpClient(f"{sandbox.service_url}?wsdl")
    yield client
    client.close()


@pytest.fixture
def php_session(sandbox: SandboxProcess) -> Iterator[PhpClient]:
    """A client of ERSWSClientSessionInfoService."""
    client = PhpClient(f"{sandbox.session_url}?wsdl")
    yield client
    client.close()


def sek(value: str) -> dict[str, str]:
    return {"currency": "SEK", "value": value}


def sample_invoice(total: str, *descriptions: str) -> dict[str, object]:
    """An invoice as the sample sends it, with a row for each description."""
    rows = [{"itemDescription": each, "itemTotalAmount": sek(total)} for each in descriptions]
    return {
        "acknowledgmentMode": "NO_ACKNOWLEDGMENT",
        "title": "Kafé Söder",
        "invoiceRows": {"invoiceRow": rows},
        "totalAmount": sek(str(int(total) * len(rows))),
    }


def test_php_finds_all_operations_in_wsdl(php: PhpClient, php_session: PhpClient) -> None:
    found = {each.split()[1].partition("(")[0] for each in php.functions + php_session.functions}

    assert found == RETURNS.keys() | UNSUPPORTED.keys()


def test_php_buys_and_gets_its_money_back(
    php: PhpClient, php_session: PhpClient, cafe: SandboxProcess
) -> None:
    phone = Browser(cafe)
    token = cafe.scan("HTTP://SEQR.SE/000/CAFE?TABLE=4")["token"]

    session = php_session.call("getClientSessionInfo", context=SAMPLE_CONTEXT, key=token)
    sent = php.call(
        "sendInvoice", context=SAMPLE_CONTEXT, invoice=sample_invoice("32", "Kaffe", "Bulle")
    )
    reference = sent["invoiceReference"]
    issued = status_of(php, reference, 0)
    phone.submit(f"/app/R{reference}", action="pay", pin="1234")
    paid = status_of(php, reference, issued["version"])
    refund = php.call(
        "refundPayment",
        context=SAMPLE_CONTEXT,
        ersReference=paid["ersReference"],
        invoice={"title": "Kafé Söder", "totalAmount": sek("10.00")},
    )

    parameters = {each["key"]: each["value"] for each in session["parameters"]["entry"]}
    assert (parameters["TABLE"], parameters["msisdn"]) == ("4", "46700643933")
    assert (sent["resultCode"], issued["status"]) == (0, "ISSUED")
    assert (paid["status"], paid["version"]) == ("PAID", 2)
    assert paid["receipt"]["invoice"]["title"] == "Kafé Söder"
    assert refund["resultCode"] == 0
    assert refund["ersReference"] != paid["ersReference"]
    assert cafe.invoice(reference)["refunds"][0]["amount"] == "10.00"


def test_php_cancels(php: PhpClient) -> None:
    sent = php.call("sendInvoice", context=SAMPLE_CONTEXT, invoice=sample_invoice("32", "Kaffe"))
    reference = sent["invoiceReference"]

    cancelled = php.call("cancelInvoice", context=SAMPLE_CONTEXT, invoiceReference=reference)

    assert cancelled["resultCode"] == 0
    assert status_of(php, reference, 1)["status"] == "CANCELED"


def test_php_gets_answer_of_operation_that_no_shop_calls(php: PhpClient) -> None:
    responses = [
        php.call("benchmarkingNop"),
        php.call(
            "requestPurchase",
            context=SAMPLE_CONTEXT,
            purchaseOrder=[
                {"productSpecifier": {"productId": each}, "purchaseCount": 1} for each in "ab"
            ],
        ),
    ]

    assert [each["resultCode"] for each in responses] == [91, 91]


def status_of(php: PhpClient, reference: str, version: int) -> Any:
    return php.call(
        "getPaymentStatus",
        context=SAMPLE_CONTEXT,
        invoiceReference=reference,
        invoiceVersion=version,
    )
