"""A day in an address, such as 2026-11-29."""

from __future__ import annotations

from datetime import date


class DayConverter:
    """Converts a day of an address; an address with another is unknown."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        """Return the day. Raises ValueError, which makes the address unknown."""
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        """Return the day as it stands in the address."""
        return value.isoformat()
