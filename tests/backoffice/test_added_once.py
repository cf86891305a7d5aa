"""A form of a new row is processed again where another request has come first."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse

from payments.terminals import TerminalIsRetired
from seqrshop.backoffice.added_once import AddedOnce


class Refusing:
    """Fails with each of some errors, and then shows the form."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls: list[tuple[Any, ...]] = []

    def changeform_view(
        self, _request: HttpRequest, object_id: str | None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        self.calls.append((object_id, args, kwargs))
        if self.errors:
            raise self.errors.pop(0)
        return HttpResponse("form")


class Admin(AddedOnce, Refusing):  # type: ignore[misc]  # the mixin names one parameter more
    """A page of a model."""


def show(admin: Admin, object_id: str | None) -> bytes:
    """Return what the page shows."""
    return admin.changeform_view(HttpRequest(), object_id, "/to", extra_context=None).content


@pytest.mark.parametrize("error", [IntegrityError(), TerminalIsRetired()])
def test_form_of_a_new_row_is_processed_a_second_time(error: Exception) -> None:
    admin = Admin(error)

    assert show(admin, None) == b"form"
    assert admin.calls == [(None, ("/to",), {"extra_context": None})] * 2


def test_form_that_fails_twice_is_an_error() -> None:
    with pytest.raises(IntegrityError, match="second"):
        show(Admin(IntegrityError("first"), IntegrityError("second")), None)


@pytest.mark.parametrize("error", [IntegrityError(), TerminalIsRetired()])
def test_error_of_a_row_that_exists_is_an_error(error: Exception) -> None:
    admin = Admin(error)

    with pytest.raises(type(error)):
        show(admin, "1")

    assert len(admin.calls) == 1


def test_another_error_is_not_tried_again() -> None:
    admin = Admin(ValueError())

    with pytest.raises(ValueError, match=r"^$"):
        show(admin, None)

    assert len(admin.calls) == 1
