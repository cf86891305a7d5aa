"""Collects the lines of the root logger in a form of LOG_FORMAT, as a process writes them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

from seqrshop.log_format import JSON, formatter


class LogLines:
    """What was logged since the collection began."""

    def __init__(self, log_format: str) -> None:
        self._stream = StringIO()
        self.handler = logging.StreamHandler(self._stream)
        self.handler.setFormatter(formatter(log_format))

    @property
    def text(self) -> str:
        """All lines."""
        return self._stream.getvalue()

    def parsed(self, **fields: str) -> list[dict[str, Any]]:
        """Return the lines of JSON that have these fields."""
        lines = [json.loads(line) for line in self.text.splitlines()]
        return [line for line in lines if fields.items() <= line.items()]


@contextmanager
def collected_lines(log_format: str = JSON) -> Iterator[LogLines]:
    """Collect what is logged in this context, from INFO on."""
    lines = LogLines(log_format)
    root = logging.getLogger()
    root.addHandler(lines.handler)
    try:
        yield lines
    finally:
        root.removeHandler(lines.handler)
