"""Converts records to JSON and back without loss, for the state file.

A record is an object that names its class, {"$": "Invoice", …}. A Decimal and a datetime are
objects that name their type.
"""

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from payments.sandbox.storage import merchant_models, models
from payments.sandbox.storage.published_principals import PUBLISHED_RESELLER_ID

_CLASSES: Final = {
    record.__name__: record
    for record in (*vars(models).values(), *vars(merchant_models).values())
    if isinstance(record, type) and is_dataclass(record)
}

_MISSING_IN_FORMAT_3: Final[dict[str, dict[str, object]]] = {
    "Terminal": {"reseller_id": PUBLISHED_RESELLER_ID},
    "Period": {"reseller_id": PUBLISHED_RESELLER_ID},
}
"""Fields that a state file of format 3 lacks: it knew one reseller."""


def to_json(record: object) -> str:
    """The record as one line of JSON."""
    return _encoder.encode(record)


def from_json(text: str) -> Any:
    """Read a record from a line of JSON. Raises ValueError, TypeError or KeyError."""
    return json.loads(text, object_hook=_restored)


def _encodable(value: object) -> dict[str, object]:
    if is_dataclass(value):
        # Only one level: the encoder calls again for what is inside.
        shallow = {field.name: getattr(value, field.name) for field in fields(value)}
        return {"$": type(value).__name__} | shallow
    if isinstance(value, Decimal):
        return {"$": "Decimal", "text": str(value)}
    if isinstance(value, datetime):
        return {"$": "datetime", "text": value.isoformat()}
    raise TypeError(f"{type(value).__name__} cannot be written to a state file")


_encoder = json.JSONEncoder(default=_encodable, separators=(",", ":"))


def _restored(value: dict[str, Any]) -> Any:
    name = value.pop("$", None)
    if name is None:
        return value
    if name in _SCALARS:
        return _SCALARS[name](value["text"])
    values: dict[str, Any] = {
        key: tuple(item) if isinstance(item, list) else item for key, item in value.items()
    }
    if name == models.Invoice.__name__:
        values["status"] = models.status_named(values["status"])
    return _CLASSES[name](**(_MISSING_IN_FORMAT_3.get(name, {}) | values))


_SCALARS: Final[dict[str, Callable[[str], object]]] = {
    "Decimal": Decimal,
    "datetime": datetime.fromisoformat,
}
