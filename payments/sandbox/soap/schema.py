"""Reads the WSDL files in `wsdl/`, the only description of SEQR's messages.

Messages are validated, read and written by each element's type, order and number in these files.
Source: API reference 2.6.0, WSDL of both services.
"""

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lxml import etree

NAMESPACE: Final = "http://external.interfaces.ers.seamless.com/"

_DIRECTORY: Final = Path(__file__).parent / "wsdl"
_XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_ADDRESS: Final = "{http://schemas.xmlsoap.org/wsdl/soap/}address"


@dataclass(frozen=True)
class Element:
    """A declared element of a message.

    `scalar` is the XML schema type of its text. `children` are the elements of a compound type, in
    their order on the wire. A `repeated` element may occur any number of times.
    """

    name: str
    scalar: str
    children: dict[str, "Element"]
    required: bool
    repeated: bool


@dataclass(frozen=True)
class Operation:
    """An operation: its SOAP service ("service" or "session"), request elements and response."""

    name: str
    service: str
    request: dict[str, Element]
    response: Element


class Service:
    """One SOAP service. `key` is the last part of its path and the name of its WSDL file."""

    def __init__(self, key: str) -> None:
        self._wsdl = etree.parse(_DIRECTORY / f"{key}.wsdl").getroot()
        schema = self._wsdl.find(f".//{_XS}schema")
        assert schema is not None
        include = schema.find(f"{_XS}include")
        assert include is not None
        schema[:1] = etree.parse(_DIRECTORY / _get(include, "schemaLocation")).getroot()
        self.name = _get(self._wsdl, "name")
        self.validator = etree.XMLSchema(deepcopy(schema))
        types = schema.iterchildren(f"{_XS}complexType", f"{_XS}simpleType")
        self._types = {_get(each, "name"): each for each in types}
        self.operations = {
            name: Operation(name, key, self._children(self._types[name]), self._response(name))
            for element in schema.iterfind(f"{_XS}element")
            if not (name := _get(element, "name")).endswith("Response")
        }

    def wsdl(self, address: str) -> bytes:
        """The service's WSDL; `address` is the URL that clients post to."""
        wsdl = deepcopy(self._wsdl)
        for element in wsdl.iter(_ADDRESS):
            element.set("location", address)
        return etree.tostring(wsdl, xml_declaration=True, encoding="UTF-8")

    def _response(self, operation: str) -> Element:
        return self._children(self._types[f"{operation}Response"])["return"]

    def _children(self, compound: etree._Element) -> dict[str, Element]:
        """A compound type's elements, those of its base type first."""
        inherited: dict[str, Element] = {}
        extension = compound.find(f"{_XS}complexContent/{_XS}extension")
        if extension is not None:
            base = _get(extension, "base").removeprefix("tns:")
            inherited = self._children(self._types[base])
            compound = extension
        own = map(self._element, compound.iterfind(f"{_XS}sequence/{_XS}element"))
        return inherited | {element.name: element for element in own}

    def _element(self, declaration: etree._Element) -> Element:
        scalar, children = "", {}
        prefix, _, type_name = _get(declaration, "type").partition(":")
        content = self._types[type_name] if prefix == "tns" else declaration.find(f"{_XS}*")
        if content is None:
            scalar = type_name
        elif content.tag == f"{_XS}complexType":
            children = self._children(content)
        else:
            scalar = "string"
        return Element(
            name=_get(declaration, "name"),
            scalar=scalar,
            children=children,
            required=declaration.get("minOccurs") != "0",
            repeated=declaration.get("maxOccurs") == "unbounded",
        )


def _get(element: etree._Element, attribute: str) -> str:
    return str(element.get(attribute, ""))


SERVICES: Final = {key: Service(key) for key in ("service", "session")}

OPERATIONS: Final = {
    name: operation
    for service in SERVICES.values()
    for name, operation in service.operations.items()
}
