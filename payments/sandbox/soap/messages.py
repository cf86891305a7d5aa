"""Converts messages between XML elements and dictionaries.

A message maps element names to values: text for strings, enumerations, dateTime and base64Binary
(as sent), int for int and long, Decimal for decimal, a dictionary for a compound type, a list for a
repeated element. It has no key for an absent element.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from lxml import etree

from payments.sandbox.soap.schema import Element

Message = dict[str, Any]

_READERS: Final[dict[str, Callable[[str], Any]]] = {"int": int, "long": int, "decimal": Decimal}


def read(parent: etree._Element, declared: dict[str, Element]) -> Message:
    """Read the message in an element that was validated against the schema."""
    message: Message = {}
    for child in parent:
        element = declared[child.tag]
        if element.children:
            value: Any = read(child, element.children)
        else:
            value = _READERS.get(element.scalar, str)(child.text or "")
        if element.repeated:
            message.setdefault(element.name, []).append(value)
        else:
            message[element.name] = value
    return message


def write(parent: etree._Element, declared: dict[str, Element], message: Message) -> None:
    """Append the message's elements to `parent` in the order of the schema.

    A required element without a value is written as 0 or empty, since refusals leave them out.
    """
    for element in declared.values():
        value: Any = message.get(element.name)
        if value is None:
            if not element.required:
                continue
            value = {} if element.children else 0
        for item in value if element.repeated else [value]:
            child = etree.SubElement(parent, element.name)
            if element.children:
                write(child, element.children, item)
            else:
                child.text = _text(item)


def _text(value: str | int | Decimal | datetime) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    return str(value)
