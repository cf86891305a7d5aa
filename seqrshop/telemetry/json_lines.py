"""Formats a log record as one line of JSON. Imported where LOG_FORMAT is json only."""

import logging
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from seqrshop.log_format import ids_of, redact, values_of


class JsonLineFormatter(JsonFormatter):
    """Writes the fields that docs/monitoring.md names, without secrets.

    Each text is redacted before it is encoded: a quotation mark that JSON has escaped is not the
    end of an address.
    """

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """Collect the fields of a record. Others that a library attaches to it are left out."""
        time = datetime.fromtimestamp(record.created, UTC)
        log_data["time"] = time.isoformat(timespec="milliseconds")
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        log_data["message"] = redact(record.getMessage())
        for name, value in {**ids_of(record), **values_of(record), **message_dict}.items():
            log_data[name] = redact(value) if isinstance(value, str) else value
