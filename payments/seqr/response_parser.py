"""Reading an answer's XML without trusting it.

zeep's own reader is not used: to ignore elements it does not know it also mends broken XML, and so
reads a truncated answer as a whole one; and it reads a number it cannot parse as none at all.
Here the XML must be whole and free of DTDs; elements with other names or in other namespaces are
ignored wherever they stand; an element that should stand once and stands twice is unreadable.
"""

import base64
import binascii
import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from lxml import etree

SEQR_NAMESPACE = "http://external.interfaces.ers.seamless.com/"
SOAP_NAMESPACE = "http://schemas.xmlsoap.org/soap/envelope/"

_SOAP = f"{{{SOAP_NAMESPACE}}}"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_INTEGER = re.compile(r"[+-]?[0-9]{1,10}")
_DECIMAL = re.compile(r"[+-]?([0-9]{1,15}(\.[0-9]{0,15})?|\.[0-9]{1,15})")


class UnreadableAnswerError(Exception):
    """The answer is not what SEQR documents. Its text is half a sentence without content of it."""


class AnswerElement:
    """One element of an answer, with its unqualified children by name."""

    def __init__(self, element: etree._Element) -> None:
        self._children: dict[str, list[etree._Element]] = {}
        for child in element.iterchildren("*"):
            if child.get(_NIL, "").strip() not in {"true", "1"}:
                self._children.setdefault(str(child.tag), []).append(child)

    def children(self, name: str) -> list["AnswerElement"]:
        """Return all children of this name, perhaps none."""
        return [AnswerElement(child) for child in self._children.get(name, [])]

    def child(self, name: str) -> "AnswerElement | None":
        """Return the only child of this name, or None."""
        element = self._only(name)
        return None if element is None else AnswerElement(element)

    def required_child(self, name: str) -> "AnswerElement":
        """Return the only child of this name."""
        child = self.child(name)
        if child is None:
            raise UnreadableAnswerError(f"the answer has no {name}")
        return child

    def text(self, name: str) -> str | None:
        """Return the child's text without surrounding space; None if it is absent or empty."""
        element = self._only(name)
        return None if element is None else (element.text or "").strip() or None

    def required_text(self, name: str) -> str:
        """Return the child's text, which must not be empty."""
        text = self.text(name)
        if text is None:
            raise UnreadableAnswerError(f"the answer has no {name}")
        return text

    def required_integer(self, name: str) -> int:
        """Return the child's value, which must be an xs:int."""
        text = self.required_text(name)
        if not _INTEGER.fullmatch(text) or not -(2**31) <= int(text) < 2**31:
            raise UnreadableAnswerError(f"the answer's {name} is not a number")
        return int(text)

    def decimal(self, name: str) -> Decimal | None:
        """Return the child's value; None if it is absent or unreadable."""
        text = self.text(name)
        return Decimal(text) if text and _DECIMAL.fullmatch(text) else None

    def required_decimal(self, name: str) -> Decimal:
        """Return the child's value, which must be a number."""
        value = self.decimal(name)
        if value is None:
            raise UnreadableAnswerError(f"the answer's {name} is not a number")
        return value

    def binary(self, name: str) -> bytes | None:
        """Return what the child holds in base64; None if it is absent or empty."""
        text = self.text(name)
        if text is None:
            return None
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            raise UnreadableAnswerError(f"the answer's {name} is not base64") from None

    def moment(self, name: str) -> datetime | None:
        """Return the child's date and time; None if it is absent, unreadable or without a zone."""
        try:
            moment = datetime.fromisoformat(self.text(name) or "")
        except ValueError:
            return None
        return None if moment.utcoffset() is None else moment

    def _only(self, name: str) -> etree._Element | None:
        elements = self._children.get(name, [])
        if len(elements) > 1:
            raise UnreadableAnswerError(f"the answer has more than one {name}")
        return elements[0] if elements else None


def open_answer(body: bytes, operation: str) -> AnswerElement:
    """Return the `return` element of the answer to `operation`.

    Raises UnreadableAnswerError for anything that is not such an answer.
    """
    root = _parse(body, "answer")
    if root.tag != f"{_SOAP}Envelope":
        raise UnreadableAnswerError("the answer is not a SOAP envelope")
    soap_body = AnswerElement(root).required_child(f"{_SOAP}Body")
    if soap_body.children(f"{_SOAP}Fault"):
        raise UnreadableAnswerError("the answer is a SOAP fault")
    wrapper = soap_body.child(f"{{{SEQR_NAMESPACE}}}{operation}Response")
    if wrapper is None:
        raise UnreadableAnswerError(f"the answer is not one to {operation}")
    return wrapper.required_child("return")


def open_document(content: bytes | str) -> tuple[str, AnswerElement]:
    """Return the name and the content of the outermost element of a report.

    Raises UnreadableAnswerError for anything that is not whole XML without a DTD.
    """
    if isinstance(content, str):
        # The document arrived as text: what it says of its own encoding is no longer so.
        root = _parse(content.encode(), "report", encoding="utf-8")
    else:
        root = _parse(content, "report")
    return str(root.tag), AnswerElement(root)


def hardened_parser(encoding: str | None = None) -> etree.XMLParser:
    """Return a parser that mends nothing, resolves no entity and reads no other file.

    It does read over a document type, which has to be refused by who uses it. For one thread.
    """
    return etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )


def _parse(body: bytes, what: str, encoding: str | None = None) -> etree._Element:
    try:
        root = etree.fromstring(body, hardened_parser(encoding))
    except etree.XMLSyntaxError:
        raise UnreadableAnswerError(f"the {what} is not well-formed XML") from None
    document: Any = root.getroottree().docinfo
    if document.doctype:
        raise UnreadableAnswerError(f"the {what} has a document type, which is refused")
    return root
