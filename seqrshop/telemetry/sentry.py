"""Reports errors to Sentry: each record that is logged at ERROR. Imported with SENTRY_DSN only.

Sentry's integrations are not used: they send requests, cookies, task arguments and variables. An
event has what the log line has, and where in the code the error occurred. Personal data is off, as
it is by default.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from itertools import chain
from types import FrameType
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import EventHandler, ignore_logger
from sentry_sdk.types import Event, Hint

from seqrshop.log_format import ids_of
from seqrshop.repeated_lines import RepeatedLineFilter
from seqrshop.telemetry.log_context import current_ids
from seqrshop.telemetry.scrubbing import scrub, secrets_of

SHUTDOWN_SECONDS = 2
# What an event keeps as the SDK has made it. All else is made below, or is not sent.
KEPT = ("event_id", "timestamp", "platform", "level", "logger", "release", "environment", "sdk")
KEPT_OF_EXCEPTION = ("type", "module")
KEPT_OF_FRAME = (
    "filename",
    "abs_path",
    "module",
    "function",
    "lineno",
    "pre_context",
    "context_line",
    "post_context",
    "in_app",
)


class LimitedEvents(RepeatedLineFilter):
    """Drops the events of a place in the code beyond the limit of its log lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is sent; it is left as it is."""
        return self.is_within_limit(record)


def start(dsn: str, version: str) -> None:
    """Report errors from now on to the project that `dsn` names."""
    sentry_sdk.init(
        dsn=dsn,
        release=f"seqrshop@{version}",
        include_local_variables=False,
        max_breadcrumbs=0,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            AtexitIntegration(callback=_wait_silently),
            DedupeIntegration(),
            ExcepthookIntegration(),
        ],
        shutdown_timeout=SHUTDOWN_SECONDS,
        before_send=scrubbed_event,
    )
    ignore_logger("opentelemetry.*")  # a collector that is away is no error of the shop's
    handler = EventHandler(level=logging.ERROR)
    handler.addFilter(LimitedEvents())
    logging.getLogger().addHandler(handler)


def scrubbed_event(event: Event, hint: Hint) -> Event:
    """Return the event that is sent, without secrets and personal data."""
    secrets = secrets_of(_frames(hint))
    record: logging.LogRecord | None = hint.get("log_record")
    ids = current_ids() if record is None else ids_of(record)
    sent: dict[str, Any] = {name: event[name] for name in KEPT if name in event}  # type: ignore[literal-required]
    sent["tags"] = {name: str(value) for name, value in ids.items()}
    if record is not None:
        sent["logentry"] = {
            "message": scrub(str(record.msg), secrets),
            "formatted": scrub(record.getMessage(), secrets),
        }
    exceptions: list[Any] = event.get("exception", {}).get("values", [])
    sent["exception"] = {"values": [_scrubbed_exception(each, secrets) for each in exceptions]}
    return sent  # type: ignore[return-value]


def _scrubbed_exception(exception: dict[str, Any], secrets: set[str]) -> dict[str, Any]:
    sent = {name: exception.get(name) for name in KEPT_OF_EXCEPTION}
    sent["value"] = scrub(str(exception.get("value") or ""), secrets)
    frames = (exception.get("stacktrace") or {}).get("frames", [])
    kept = [{name: frame[name] for name in KEPT_OF_FRAME if name in frame} for frame in frames]
    return {**sent, "stacktrace": {"frames": kept}}


def _frames(hint: Hint) -> Iterator[FrameType]:
    """Yield the frames of the exception, of those that caused it, and of the caller."""
    exc_info = hint.get("exc_info")
    error: BaseException | None = exc_info[1] if exc_info else None
    seen: set[int] = set()
    parts: list[Iterator[tuple[FrameType, int]]] = [traceback.walk_stack(sys._getframe())]
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        parts.append(traceback.walk_tb(error.__traceback__))
        error = error.__cause__ or error.__context__
    return (frame for frame, _line in chain(*parts))


def _wait_silently(_pending: int, _timeout: float) -> None:
    """Send what is left at the end of the process, and write nothing about it."""
