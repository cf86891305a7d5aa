"""What the database refuses of an answer is either a foreign payment, or an error."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from payments.invoices import apply_status as module
from payments.invoices.apply_status import apply_status
from payments.invoices.status_query import StatusResult, status_query_for
from payments.models import InvoiceStatus, MoneyCase
from tests.payments.steps import BY_RECOVERY, invoice_in

pytestmark = pytest.mark.django_db


def test_refusal_of_the_database_that_no_payment_explains_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    invoice = invoice_in(InvoiceStatus.ISSUED)
    query = status_query_for(invoice)
    assert query is not None

    def refuse(*_arguments: Any) -> bool:
        raise IntegrityError("another constraint")

    monkeypatch.setattr(module, "_apply_locked", refuse)

    with pytest.raises(IntegrityError, match="another constraint"):
        apply_status(
            query, StatusResult(1, InvoiceStatus.EXPIRED), BY_RECOVERY, silence=timedelta(0)
        )

    assert not MoneyCase.objects.exists()
