"""`manage.py check_takings` finds takings that differ from the receipts, and counts them again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from payments.models import TakingsDay, TakingsHour, TakingsProduct, TakingsVat
from payments.takings.update import update_takings
from tests.factories import InvoiceFactory, OrderRowFactory, ReceiptFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _payment_of_last_week() -> None:
    invoice = InvoiceFactory.create(paid=True, receipt=False)
    OrderRowFactory.create(order=invoice.order)
    ReceiptFactory.create(invoice=invoice, issued_at=timezone.now() - timedelta(days=7))
    update_takings()


def check(*arguments: str) -> str:
    """Run the command and return its output."""
    output = StringIO()
    call_command("check_takings", *arguments, stdout=output)
    return output.getvalue()


def test_takings_that_equal_the_receipts_are_reported_as_such() -> None:
    assert "equal the receipts" in check()


@pytest.mark.parametrize(
    ("model", "column"),
    [
        (TakingsDay, "tips"),
        (TakingsVat, "net"),
        (TakingsHour, "sales_gross"),
        (TakingsProduct, "units"),
    ],
)
def test_changed_row_is_named_and_counted_again_on_request(model: type, column: str) -> None:
    model.objects.update(**{column: 7})  # type: ignore[attr-defined]

    with pytest.raises(CommandError, match=f"{model.__name__} .*{column} 7"):
        check()

    assert check("--rebuild") == "Counted 1 receipts from the beginning.\n"
    assert "equal the receipts" in check()
    assert model.objects.exclude(**{column: 7}).count() == 1  # type: ignore[attr-defined]


def test_missing_row_is_named() -> None:
    TakingsProduct.objects.all().delete()

    with pytest.raises(CommandError, match=r"TakingsProduct .*: nothing stored, units 1"):
        check()


def test_day_without_receipts_is_named() -> None:
    day = TakingsDay.objects.get()
    TakingsVat.objects.all().delete()
    TakingsDay.objects.filter(pk=day.pk).update(day=day.day - timedelta(days=1))

    with pytest.raises(CommandError, match="by the receipts") as error:
        check()

    assert str(error.value).count("TakingsDay") == 2
    assert TakingsVat.objects.count() == 0
    assert Decimal(45) == sum(row.gross for row in TakingsProduct.objects.all())
