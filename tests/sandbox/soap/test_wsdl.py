"""The served WSDL agrees with the reference and with the sandbox's responses."""

import re

import pytest
from lxml import etree
from zeep import Client

from tests.sandbox.operations.published_types import REQUESTS, TYPES
from tests.sandbox.raw_soap import SOAP, SoapClient, SoapResponse, invoice
from tests.sandbox_process import SandboxProcess

XS = "{http://www.w3.org/2001/XMLSchema}"


def schema(soap: SoapClient, service: str = "service") -> etree._Element:
    status, wsdl = soap.http("GET", f"/soap/{service}?wsdl")
    assert status == 200
    found = etree.fromstring(wsdl).find(f".//{XS}schema")
    assert found is not None
    return etree.fromstring(etree.tostring(found))


@pytest.mark.parametrize(("name", "elements"), (TYPES | REQUESTS).items())
def test_types_have_published_elements_in_order(soap: SoapClient, name: str, elements: str) -> None:
    declared = schema(soap).find(f"{XS}complexType[@name='{name}']")
    if declared is None:
        assert name in {"invoiceRows", "customerTokens", "entries", "entry"}
        return

    sequence = declared.find(f".//{XS}sequence")
    assert sequence is not None
    found = [
        str(element.get("name")) + ("" if element.get("minOccurs") == "0" else "!")
        for element in sequence
    ]
    inherited = 3 if declared.find(f".//{XS}extension") is not None else 0
    assert found == [re.sub(r"\*?(:\w+)?$", "", each) for each in elements.split()[inherited:]]


@pytest.mark.parametrize(
    ("service", "count"), [("service", 12), ("session", 1)], ids=["service", "session"]
)
def test_zeep_reads_wsdl_with_address_of_request(
    sandbox: SandboxProcess, service: str, count: int
) -> None:
    url = f"{sandbox.base_url}/soap/{service}"

    client = Client(f"{url}?wsdl")  # type: ignore[no-untyped-call, unused-ignore]

    (described,) = client.wsdl.services.values()
    (port,) = described.ports.values()
    assert len(port.binding.all()) == count
    assert port.binding_options["address"] == url


def test_wsdl_has_configured_public_url(configured_sandbox: SandboxProcess) -> None:
    _, wsdl = SoapClient(configured_sandbox).http("GET", "/soap/service?wsdl")

    assert b'location="https://seqr.example/soap/service"' in wsdl


def test_responses_are_valid_by_served_schema(soap: SoapClient, cafe: SandboxProcess) -> None:
    token = cafe.scan("HTTP://SEQR.SE/000/CAFE?TABLE=4")["token"]
    sent = soap.send_invoice(invoice(back_url="https://cafe.example/back"))
    reference = sent.text("invoiceReference") or ""
    issued = soap.status(reference)
    cafe.pay(reference)
    responses = [sent, issued, soap.status(reference), soap.cancel(reference), soap.status("77")]
    sessions = [soap.session(token), soap.session("unknown")]

    for service, received in (("service", responses), ("session", sessions)):
        validator = etree.XMLSchema(schema(soap, service))
        for response in received:
            validator.assertValid(alone(response))


def alone(response: SoapResponse) -> etree._Element:
    """The response wrapper as a separate document."""
    return etree.fromstring(etree.tostring(response.content))


def test_response_qualifies_only_its_wrapper(soap: SoapClient) -> None:
    response = soap.status(soap.new_invoice())

    assert response.root.tag == f"{{{SOAP}}}Envelope"
    assert response.content.tag == (
        "{http://external.interfaces.ers.seamless.com/}getPaymentStatusResponse"
    )
    assert [child.tag for child in response.content] == ["return"]
