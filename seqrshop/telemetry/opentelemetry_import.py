"""Keeps OpenTelemetry from being imported where no traces are exported.

redis-py imports it wherever it is installed, for metrics of its own that nobody reads: 0.2 seconds
and 3 MB of each process. It does without where the import fails.
"""

import sys

PACKAGE = "opentelemetry"


def prevent() -> None:
    """Let each import of OpenTelemetry fail, as if it were not installed."""
    sys.modules.setdefault(PACKAGE, None)  # type: ignore[arg-type]


def permit() -> None:
    """Let OpenTelemetry be imported."""
    if sys.modules.get(PACKAGE) is None:
        sys.modules.pop(PACKAGE, None)
