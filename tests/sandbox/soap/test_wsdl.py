"""The served WSDL agrees with the reference and with the sandbox's responses."""

import pytest
from lxml import etree
from zeep import Client

from tests.sandbox.operations.published_types import (
    ENUMERATIONS,
    REQUESTS,
    RETURNS,
    TYPES,
    UNSUPPORTED,
)
from tests.sandbox.raw_soap import SOAP, SoapClient, SoapResponse, invoice
from tests.sandbox_process import SandboxProcess

XS = "{http://www.w3.org/2001/XMLSchema}"


def schema(soap: SoapClient, service: str = "service") -> etree._Element:
    status, wsdl = soap.http("GET", f"/soap/{service}?wsdl")
    assert status == 200
    found = etree.fromstring(wsdl).find(f".//{XS}schema")
    assert found is not None
    return etree.fromstring(etree.tostring(found))


ANONYMOUS = {"invoiceRows", "customerTokens", "entries", "entry", "accounts"}
"""Types that the schema declares within an element, and the list of types by a name."""


@pytest.mark.parametrize("name", sorted((TYPES | REQUESTS).keys() - ANONYMOUS))
def test_type_has_published_elements_in_order(soap: SoapClient, name: str) -> None:
    service = "session" if name == "getClientSessionInfo" else "service"

    declared = schema(soap, service).find(f"{XS}complexType[@name='{name}']")

    assert declared is not None
    assert elements_of(declared) == (TYPES | REQUESTS)[name].split()


def elements_of(compound: etree._Element) -> list[str]:
    """The elements of a type in the notation of `published_types`, those of its base first."""
    extension = compound.find(f"{XS}complexContent/{XS}extension")
    if extension is None:
        return [notation(each) for each in compound.iterfind(f"{XS}sequence/{XS}element")]
    assert extension.get("base") == "tns:erswsResponse"
    return TYPES["erswsResponse"].split() + elements_of(extension)


def notation(element: etree._Element) -> str:
    """An element as `name!*:type`; the type of a nested declaration is named by its elements."""
    required = "" if element.get("minOccurs") == "0" else "!"
    repeated = "*" if element.get("maxOccurs") == "unbounded" else ""
    nested = element.find(f"{XS}complexType")
    if nested is not None:
        elements = elements_of(nested)
        (type_name,) = (each for each in ANONYMOUS if TYPES[each].split() == elements)
    else:
        type_name = str(element.get("type")).partition(":")[2]
    kind = "" if type_name == "string" else f":{type_name}"
    return f"{element.get('name')}{required}{repeated}{kind}"


@pytest.mark.parametrize(("operation", "type_name"), (RETURNS | UNSUPPORTED).items())
def test_operation_returns_published_type(soap: SoapClient, operation: str, type_name: str) -> None:
    service = "session" if operation == "getClientSessionInfo" else "service"

    response = schema(soap, service).find(f"{XS}complexType[@name='{operation}Response']")

    assert response is not None
    assert elements_of(response) == [f"return:{type_name}"]


@pytest.mark.parametrize(("name", "values"), ENUMERATIONS.items())
def test_enumeration_has_published_values(soap: SoapClient, name: str, values: str) -> None:
    declared = schema(soap).find(f"{XS}simpleType[@name='{name}']")

    assert declared is not None
    assert [each.get("value") for each in declared.iter(f"{XS}enumeration")] == values.split()


@pytest.mark.parametrize(
    ("service", "count"), [("service", 19), ("session", 1)], ids=["service", "session"]
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
