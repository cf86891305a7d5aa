"""Between records and JSON, losing nothing: for the state file.

An immutable record is an object that names its class, {"$": "Invoice", …}; a Decimal and a time are
objects that name their type.
"""

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from payments.sandbox.storage import models, shop_models

_CLASSES: Final = {
    record.__name__: record
    for record in (*vars(models).values(), *vars(shop_models).values())
    if isinstance(record, type) and is_dataclass(record)
}


def to_json(record: object) -> str:
    """The record as one line of JSON."""
    return _encoder.encode(record)


def from_json(text: str) -> Any:
    """The record in a line of JSON. Raises ValueError, TypeError or KeyError for anything else."""
    return json.loads(text, object_hook=_restored)


def _plain(value: object) -> dict[str, object]:
    if is_dataclass(value):
        # Only one level: the encoder comes back for what is inside.
        shallow = {field.name: getattr(value, field.name) for field in fields(value)}
        return {"$": type(value).__name__} | shallow
    if isinstance(value, Decimal):
        return {"$": "Decimal", "text": str(value)}
    if isinstance(value, datetime):
        return {"$": "datetime", "text": value.isoformat()}
    raise TypeError(f"{type(value).__name__} has no place in a state file")


_encoder = json.JSONEncoder(default=_plain, separators=(",", ":"))


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
    return _CLASSES[name](**values)


_SCALARS: Final[dict[str, Callable[[str], object]]] = {
    "Decimal": Decimal,
    "datetime": datetime.fromisoformat,
}
