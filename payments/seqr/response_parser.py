"""Parses and validates the XML of SEQR's responses.

zeep's parser is not used. To ignore unknown elements it also repairs broken XML, and so accepts a
truncated response; and it returns None for a number that it cannot parse. This parser accepts only
well-formed XML without a document type. It ignores elements with unknown names or in other
namespaces at any level, and rejects a repeated element that should occur once.
"""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from lxml import etree

SEQR_NAMESPACE = "http://external.interfaces.ers.seamless.com/"
SOAP_NAMESPACE = "http://schemas.xmlsoap.org/soap/envelope/"

T = TypeVar("T")

_SOAP = f"{{{SOAP_NAMESPACE}}}"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_INTEGER = re.compile(r"[+-]?[0-9]{1,10}")
_DECIMAL = re.compile(r"[+-]?([0-9]{1,15}(\.[0-9]{0,15})?|\.[0-9]{1,15})")


class UnreadableResponseError(Exception):
    """The response is not as SEQR documents it. The message quotes no content."""


class ResponseElement:
    """One XML element of a response, with its unqualified children by name."""

    def __init__(self, element: etree._Element) -> None:
        self._children: dict[str, list[etree._Element]] = {}
        for child in element.iterchildren("*"):
            if child.get(_NIL, "").strip() not in {"true", "1"}:
                self._children.setdefault(str(child.tag), []).append(child)

    def children(self, name: str) -> list["ResponseElement"]:
        """Return all children of this name."""
        return [ResponseElement(child) for child in self._children.get(name, [])]

    def child(self, name: str) -> "ResponseElement | None":
        """Return the only child of this name, or None."""
        element = self._only(name)
        return None if element is None else ResponseElement(element)

    def required_child(self, name: str) -> "ResponseElement":
        """Return the only child of this name."""
        return _required(name, self.child(name))

    def text(self, name: str) -> str | None:
        """Return the child's text without surrounding space; None if it is absent or empty."""
        element = self._only(name)
        return None if element is None else (element.text or "").strip() or None

    def required_text(self, name: str, max_length: int | None = None) -> str:
        """Return the child's text, which must not be empty, nor longer than `max_length`."""
        text = _required(name, self.text(name))
        if max_length is not None and len(text) > max_length:
            raise UnreadableResponseError(f"the response's {name} is too long")
        return text

    def required_integer(self, name: str) -> int:
        """Return the child's value, which must be an xs:int."""
        text = self.required_text(name)
        if not _INTEGER.fullmatch(text) or not -(2**31) <= int(text) < 2**31:
            raise UnreadableResponseError(f"the response's {name} is not a number")
        return int(text)

    def decimal(self, name: str) -> Decimal | None:
        """Return the child's value; None if it is absent or unreadable."""
        text = self.text(name)
        return Decimal(text) if text and _DECIMAL.fullmatch(text) else None

    def required_decimal(self, name: str) -> Decimal:
        """Return the child's value, which must be a number."""
        value = self.decimal(name)
        if value is None:
            raise UnreadableResponseError(f"the response's {name} is not a number")
        return value

    def date_time(self, name: str) -> datetime | None:
        """Return the child's time; None if it is absent, unreadable or without a time zone."""
        try:
            value = datetime.fromisoformat(self.text(name) or "")
        except ValueError:
            return None
        return None if value.utcoffset() is None else value

    def _only(self, name: str) -> etree._Element | None:
        elements = self._children.get(name, [])
        if len(elements) > 1:
            raise UnreadableResponseError(f"the response has more than one {name}")
        return elements[0] if elements else None


def parse_response(body: bytes, operation: str) -> ResponseElement:
    """Return the `return` element of a SOAP response to `operation`.

    Raises UnreadableResponseError for any other body.
    """
    return return_element(_parse(body), operation)


def return_element(root: etree._Element, operation: str) -> ResponseElement:
    """Return the `return` element of a parsed SOAP response to `operation`.

    Raises UnreadableResponseError for any other document.
    """
    if root.tag != f"{_SOAP}Envelope":
        raise UnreadableResponseError("the response is not a SOAP envelope")
    soap_body = ResponseElement(root).required_child(f"{_SOAP}Body")
    if soap_body.children(f"{_SOAP}Fault"):
        raise UnreadableResponseError("the response is a SOAP fault")
    wrapper = soap_body.child(f"{{{SEQR_NAMESPACE}}}{operation}Response")
    if wrapper is None:
        raise UnreadableResponseError(f"the response is not one to {operation}")
    return wrapper.required_child("return")


def hardened_parser() -> etree.XMLParser:
    """Return a parser that repairs nothing, expands no entity and loads no other file.

    It accepts a document type, which the caller must reject. It must stay in one thread.
    """
    return etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )


def _required(name: str, value: T | None) -> T:
    if value is None:
        raise UnreadableResponseError(f"the response has no {name}")
    return value


def _parse(body: bytes) -> etree._Element:
    try:
        root = etree.fromstring(body, hardened_parser())
    except etree.XMLSyntaxError:
        raise UnreadableResponseError("the response is not well-formed XML") from None
    docinfo: Any = root.getroottree().docinfo
    if docinfo.doctype:
        raise UnreadableResponseError("the response has a document type, which is refused")
    return root
