"""A schedule of exports, and a shop with a receipt to export."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from orders.models import Shop
from payments.models import ExportedContent, ExportSchedule, FileFormat, Frequency
from tests.factories import InvoiceFactory, OrderRowFactory, ReceiptFactory
from tests.payments.exports.schedules import FIRST


@pytest.fixture
def shop() -> Shop:
    """A shop with one receipt, on the first day."""
    invoice = InvoiceFactory.create(paid=True, receipt=False)
    OrderRowFactory.create(order=invoice.order)
    ReceiptFactory.create(invoice=invoice, issued_at=datetime(2026, 11, 2, 12, tzinfo=UTC))
    found: Shop = invoice.shop
    return found


@pytest.fixture
def new_schedule(shop: Shop, clerk: User, settings: Settings, tmp_path: Path) -> Any:
    """Return a function that stores a schedule of the shop's seller, to a folder by default."""
    settings.EXPORT_DIR = str(tmp_path)

    def store(**fields: Any) -> ExportSchedule:
        given = {
            "content": ExportedContent.RECEIPTS,
            "file_format": FileFormat.CSV,
            "frequency": Frequency.DAILY,
            "seller": shop.seller,
            "folder": "books",
            "next_first": FIRST,
            "created_by": clerk,
            "language": "en",
        }
        return ExportSchedule.objects.create(**{**given, **fields})

    return store
