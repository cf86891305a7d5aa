"""Two requests that add the same row at the same time: the second gets an error of the form."""

from typing import Any

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse

from payments.terminals import TerminalIsRetired


class AddedOnce:
    """Processes the form of a new row again if another request has come first.

    Both requests found the form valid, and the database or a lock has stopped the second. Processed
    again, its form finds what the first has stored, and says so beside the field.
    """

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show or process the form of one row."""
        process: Any = super().changeform_view  # type: ignore[misc]  # a mixin of ModelAdmin
        try:
            response: HttpResponse = process(request, object_id, *args, **kwargs)
        except (IntegrityError, TerminalIsRetired):
            if object_id is not None:
                raise
            response = process(request, object_id, *args, **kwargs)
        return response
