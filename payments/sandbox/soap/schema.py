"""The XML schema and the WSDL of the two SOAP services, written from the tables."""

from functools import cache, partial
from typing import Final

from lxml import etree

from payments.sandbox.soap.tables import (
    ENUMERATIONS,
    FIELDS,
    NAMELESS_TYPES,
    NAMESPACE,
    OPERATIONS,
    SCALARS,
    SERVICES,
    TYPES,
    Field,
    Operation,
    split_base,
)

XS: Final = "http://www.w3.org/2001/XMLSchema"
WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
SOAP_BINDING: Final = "http://schemas.xmlsoap.org/wsdl/soap/"
HTTP_TRANSPORT: Final = "http://schemas.xmlsoap.org/soap/http"

_PREFIXES: Final = {"wsdl": WSDL, "soap": SOAP_BINDING, "xs": XS, "tns": NAMESPACE}


def _make(namespace: str, tag: str, *children: etree._Element, **attributes: str) -> etree._Element:
    element = etree.Element(f"{{{namespace}}}{tag}", attributes, nsmap=_PREFIXES)
    element.extend(children)
    return element


_xs = partial(_make, XS)
_wsdl = partial(_make, WSDL)
_soap = partial(_make, SOAP_BINDING)


def _element(field: Field) -> etree._Element:
    occurs = {} if field.required else {"minOccurs": "0"}
    if field.many:
        occurs["maxOccurs"] = "unbounded"
    if field.type in NAMELESS_TYPES:
        return _xs(
            "element", _xs("complexType", _sequence(FIELDS[field.type])), name=field.name, **occurs
        )
    prefix = "xs" if field.type in SCALARS else "tns"
    return _xs("element", name=field.name, type=f"{prefix}:{field.type}", **occurs)


def _sequence(fields: tuple[Field, ...]) -> etree._Element:
    return _xs("sequence", *map(_element, fields))


def _complex_type(name: str, notation: str) -> etree._Element:
    base, own = split_base(notation)
    content = _sequence(own)
    if base:
        content = _xs("complexContent", _xs("extension", content, base=f"tns:{base}"))
    return _xs("complexType", content, name=name)


def _enumeration(name: str, values: tuple[str, ...]) -> etree._Element:
    choices = [_xs("enumeration", value=value) for value in values]
    return _xs("simpleType", _xs("restriction", *choices, base="xs:string"), name=name)


def _operations_of(service: str) -> list[Operation]:
    return [operation for operation in OPERATIONS.values() if operation.service == service]


def schema_element(service: str) -> etree._Element:
    """The xs:schema of one service ("service" or "session")."""
    schema = _xs("schema", targetNamespace=NAMESPACE, elementFormDefault="unqualified")
    for operation in _operations_of(service):
        response = f"{operation.name}Response"
        returned = Field("return", operation.returns, required=False, many=False)
        schema.append(_xs("element", name=operation.name, type=f"tns:{operation.name}"))
        schema.append(_xs("element", name=response, type=f"tns:{response}"))
        schema.append(_xs("complexType", _sequence(operation.request), name=operation.name))
        schema.append(_xs("complexType", _sequence((returned,)), name=response))
    for name, notation in TYPES.items():
        schema.append(_complex_type(name, notation))
    for name, values in ENUMERATIONS.items():
        schema.append(_enumeration(name, values))
    return schema


@cache
def validator(service: str) -> etree.XMLSchema:
    """The compiled schema that requests to one service are held against."""
    return etree.XMLSchema(schema_element(service))


def wsdl(service: str, address: str) -> bytes:
    """The WSDL of one service; `address` is the URL that clients will post to."""
    name = SERVICES[service]
    definitions = _wsdl(
        "definitions", _wsdl("types", schema_element(service)), name=name, targetNamespace=NAMESPACE
    )
    port_type = _wsdl("portType", name=name)
    binding = _wsdl(
        "binding",
        _soap("binding", style="document", transport=HTTP_TRANSPORT),
        name=f"{name}SoapBinding",
        type=f"tns:{name}",
    )
    for operation in _operations_of(service):
        for message in (operation.name, f"{operation.name}Response"):
            part = _wsdl("part", name="parameters", element=f"tns:{message}")
            definitions.append(_wsdl("message", part, name=message))
        port_type.append(
            _wsdl(
                "operation",
                _wsdl("input", message=f"tns:{operation.name}"),
                _wsdl("output", message=f"tns:{operation.name}Response"),
                name=operation.name,
            )
        )
        binding.append(
            _wsdl(
                "operation",
                _soap("operation", soapAction="", style="document"),
                _wsdl("input", _soap("body", use="literal")),
                _wsdl("output", _soap("body", use="literal")),
                name=operation.name,
            )
        )
    port = _wsdl(
        "port",
        _soap("address", location=address),
        name=f"{name}Port",
        binding=f"tns:{name}SoapBinding",
    )
    definitions.extend([port_type, binding, _wsdl("service", port, name=name)])
    return etree.tostring(definitions, xml_declaration=True, encoding="UTF-8", pretty_print=True)
