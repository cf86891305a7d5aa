"""A form field for a local date and time, in the browser's own field."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.forms import DateTimeField, DateTimeInput, ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class LocalDateTimeField(DateTimeField):
    """A moment, typed as local time in Stockholm; of a repeated hour, the first one.

    An hour that the clock change skips is refused.
    """

    widget = DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def to_python(self, value: Any) -> datetime | None:
        """Return the moment with its time zone. Raises ValidationError."""
        with timezone.override(UTC):  # which has each hour once
            moment = super().to_python(value)
        if moment is None:
            return None
        zone = timezone.get_default_timezone()
        local = moment.replace(tzinfo=zone)
        if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local.replace(
            tzinfo=None
        ):
            raise ValidationError(_("The clocks go forward: there is no such time that night."))
        return local
