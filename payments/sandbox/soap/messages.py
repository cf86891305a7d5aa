"""Between XML elements and plain dictionaries, following the tables.

A message is a dictionary by element name: text for strings, enumerations, dateTime and base64Binary
(as sent), int for int and long, Decimal for decimal, a dictionary for a compound type, a list where
an element may come several times. An element that is absent is absent from the dictionary.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from lxml import etree

from payments.sandbox.soap.tables import FIELDS, Field

Message = dict[str, Any]

_READERS: dict[str, Callable[[str], Any]] = {"int": int, "long": int, "decimal": Decimal}

_BY_NAME = {name: {field.name: field for field in fields} for name, fields in FIELDS.items()}


def read(element: etree._Element, fields: tuple[Field, ...]) -> Message:
    """The message in an element that has been validated against the schema."""
    return _read(element, {field.name: field for field in fields})


def _read(element: etree._Element, fields: dict[str, Field]) -> Message:
    message: Message = {}
    for child in element:
        field = fields[child.tag]
        if field.type in _BY_NAME:
            value: Any = _read(child, _BY_NAME[field.type])
        else:
            value = _READERS.get(field.type, str)(child.text or "")
        if field.many:
            message.setdefault(field.name, []).append(value)
        else:
            message[field.name] = value
    return message


def write(parent: etree._Element, type_name: str, message: Message) -> None:
    """Append the message's elements to `parent` in the type's order.

    A required element without a value is written as 0 or empty, as a refusal needs it.
    """
    for field in FIELDS[type_name]:
        value: Any = message.get(field.name)
        if value is None:
            if not field.required:
                continue
            value = {} if field.type in FIELDS else 0
        for item in value if field.many else [value]:
            child = etree.SubElement(parent, field.name)
            if field.type in FIELDS:
                write(child, field.type, item)
            else:
                child.text = _text(item)


def _text(value: str | int | Decimal | datetime) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    return str(value)
