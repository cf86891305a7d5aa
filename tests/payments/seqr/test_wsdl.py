"""The bundled WSDL agrees with SEQR's API reference."""

from pathlib import Path

import pytest
from lxml import etree

import payments.seqr
from payments.seqr import SeqrConfig, request_builder
from payments.seqr.operations import GET_CLIENT_SESSION_INFO
from payments.seqr.request_builder import build_request
from tests.payments.seqr.conftest import CREDENTIALS
from tests.payments.seqr.reference_schema import (
    REQUESTS,
    RESPONSE_EXTENSIONS,
    RESPONSE_TYPES,
    TYPES,
    Fields,
)

DIRECTORY = Path(payments.seqr.__file__).parent / "wsdl"
XS = {"xs": "http://www.w3.org/2001/XMLSchema"}
WSDL = {
    "wsdl": "http://schemas.xmlsoap.org/wsdl/",
    "soap": "http://schemas.xmlsoap.org/wsdl/soap/",
}
SCHEMA = etree.parse(DIRECTORY / "messages.xsd").getroot()


def local(name: str | None) -> str:
    return (name or "").rpartition(":")[2]


def fields_of(sequence: etree._Element) -> Fields:
    """Return the elements of an xs:sequence in the notation of `reference_schema`."""
    fields: Fields = []
    for element in sequence.findall("xs:element", XS):
        least, most = element.get("minOccurs", "1"), element.get("maxOccurs", "1")
        mark = {("0", "1"): "", ("1", "1"): "!", ("0", "unbounded"): "*"}[least, most]
        inner = element.find("xs:complexType/xs:sequence", XS)
        content = local(element.get("type")) if inner is None else fields_of(inner)
        fields.append((f"{element.get('name')}{mark}", content))
    return fields


def sequence_at(path: str) -> etree._Element:
    found = SCHEMA.find(f"{path}/xs:sequence", XS)
    assert found is not None, path
    return found


@pytest.mark.parametrize("name", TYPES)
def test_type_has_the_elements_of_the_reference(name: str) -> None:
    fields = fields_of(sequence_at(f"xs:complexType[@name='{name}']"))

    assert fields == TYPES[name]


@pytest.mark.parametrize("name", RESPONSE_EXTENSIONS)
def test_response_extends_the_common_type(name: str) -> None:
    path = f"xs:complexType[@name='{name}']/xs:complexContent/xs:extension"

    fields = fields_of(sequence_at(f"{path}[@base='tns:erswsResponse']"))

    assert fields == RESPONSE_EXTENSIONS[name]


@pytest.mark.parametrize("name", REQUESTS)
def test_operation_has_the_elements_of_the_reference(name: str) -> None:
    request = fields_of(sequence_at(f"xs:element[@name='{name}']/xs:complexType"))
    response = fields_of(sequence_at(f"xs:element[@name='{name}Response']/xs:complexType"))

    assert request == REQUESTS[name]
    assert response == [("return", RESPONSE_TYPES[name])]


def test_only_operation_elements_are_qualified() -> None:
    assert SCHEMA.get("elementFormDefault") == "unqualified"
    assert SCHEMA.get("targetNamespace") == "http://external.interfaces.ers.seamless.com/"
    assert SCHEMA.findall(".//xs:element[@form]", XS) == []


@pytest.mark.parametrize(
    ("service", "operations"),
    [
        ("ERSWSExternalClientService", [n for n in REQUESTS if n != "getClientSessionInfo"]),
        ("ERSWSClientSessionInfoService", ["getClientSessionInfo"]),
    ],
)
def test_service_binds_its_operations_as_document_literal_soap_1_1(
    service: str, operations: list[str]
) -> None:
    root = etree.parse(DIRECTORY / f"{service}.wsdl").getroot()

    bound = root.findall("wsdl:binding/wsdl:operation", WSDL)
    styles = {element.get("style") for element in root.iterfind("wsdl:binding/soap:binding", WSDL)}
    actions = {element.get("soapAction") for element in root.iterfind(".//soap:operation", WSDL)}
    uses = {element.get("use") for element in root.iterfind(".//soap:body", WSDL)}

    assert [operation.get("name") for operation in bound] == operations
    assert (styles, actions, uses) == ({"document"}, {""}, {"literal"})


def test_rendering_a_request_needs_no_network(
    monkeypatch: pytest.MonkeyPatch, config: SeqrConfig
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr("requests.Session.send", refuse)
    monkeypatch.setattr("socket.socket.connect", refuse)
    request_builder._zeep_client.cache_clear()

    envelope = build_request(config, CREDENTIALS, GET_CLIENT_SESSION_INFO, "r", {"key": "k"})

    assert b"<key>k</key>" in envelope
