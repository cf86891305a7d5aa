"""Reads SOAP 1.1 requests; writes responses and SOAP faults."""

from typing import Final

from lxml import etree

from payments.sandbox.soap.messages import Message, write
from payments.sandbox.soap.schema import NAMESPACE, Operation

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"

MAX_FAULT_STRING_LETTERS: Final = 500

_PREFIXES = {"soap": SOAP}


class SoapFaultError(Exception):
    """The request gets a SOAP fault. `code` is a SOAP 1.1 faultcode."""

    def __init__(self, sentence: str, code: str = "Client") -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def parse(document: bytes) -> etree._Element:
    """Parse XML without resolving entities or fetching anything. Raises SoapFaultError."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SoapFaultError(f"The body is not readable XML: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise SoapFaultError("A document type declaration is not allowed.")
    return root


def unwrap(document: bytes) -> etree._Element:
    """Return the one element in the envelope's body. Raises SoapFaultError."""
    root = parse(document)
    if etree.QName(root).localname != "Envelope":
        raise SoapFaultError("The document is not a SOAP envelope.")
    if root.tag != f"{{{SOAP}}}Envelope":
        raise SoapFaultError("Only SOAP 1.1 envelopes are understood.", "VersionMismatch")
    for header in root.iterfind(f"{{{SOAP}}}Header/*"):
        if header.get(f"{{{SOAP}}}mustUnderstand") == "1":
            raise SoapFaultError(f"The header {header.tag} is not understood.", "MustUnderstand")
    body = root.find(f"{{{SOAP}}}Body")
    if body is None or len(body) != 1:
        raise SoapFaultError("The envelope needs a Body with exactly one element.")
    return body[0]


def wrap(operation: Operation, message: Message) -> bytes:
    """Write a response: its wrapper is in SEQR's namespace, the elements below in none."""
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap=_PREFIXES)
    body = etree.SubElement(envelope, f"{{{SOAP}}}Body")
    response = etree.SubElement(
        body, f"{{{NAMESPACE}}}{operation.name}Response", nsmap={"ns2": NAMESPACE}
    )
    write(etree.SubElement(response, operation.response.name), operation.response.children, message)
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")


def wrap_fault(fault: SoapFaultError) -> bytes:
    """Write a SOAP fault, to be sent with HTTP 500."""
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap=_PREFIXES)
    body = etree.SubElement(envelope, f"{{{SOAP}}}Body")
    element = etree.SubElement(body, f"{{{SOAP}}}Fault")
    etree.SubElement(element, "faultcode").text = f"soap:{fault.code}"
    etree.SubElement(element, "faultstring").text = _printable(fault.sentence)
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")


def _printable(sentence: str) -> str:
    # Parser messages quote the request, which may hold characters that XML cannot.
    shortened = sentence[:MAX_FAULT_STRING_LETTERS]
    return "".join(letter if letter.isprintable() else " " for letter in shortened)
