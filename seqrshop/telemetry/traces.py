"""Where the shop's code meets its traces; without OTEL_EXPORTER_OTLP_ENDPOINT, each is a no-op.

otel.py makes the spans. A span has ids, codes and times, and no text that may hold personal data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class SpanRecorder(Protocol):
    """Makes the spans of a process whose traces are exported."""

    def record_call(
        self, name: str, duration_ms: int, *, failed: bool, attributes: Mapping[str, str | int]
    ) -> None:
        """Make the span of a call to SEQR that has just ended."""

    def current_ids(self) -> Mapping[str, str]:
        """Return the id of the present trace by its name in log lines, or nothing."""


_NO_IDS: Mapping[str, str] = {}
_recorder: SpanRecorder | None = None


def record_with(recorder: SpanRecorder | None) -> None:
    """Make spans from now on with this recorder, or none."""
    global _recorder  # noqa: PLW0603 - one for the process
    _recorder = recorder


def record_call(
    operation: str,
    duration_ms: int,
    *,
    client_reference: str,
    result_code: int | None,
    **attributes: str,
) -> None:
    """Record a call to SEQR that has just ended."""
    if _recorder is None:
        return
    codes = {} if result_code is None else {"seqr.result_code": result_code}
    _recorder.record_call(
        operation,
        duration_ms,
        failed=result_code != 0,
        attributes={
            "rpc.system": "soap",
            "rpc.method": operation,
            "seqr.client_reference": client_reference,
            **codes,
            **{f"seqrshop.{name}": value for name, value in attributes.items()},
        },
    )


def current_ids() -> Mapping[str, str]:
    """Return the id of the present trace, for log lines."""
    return _NO_IDS if _recorder is None else _recorder.current_ids()
