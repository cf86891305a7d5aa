"""Rows that nobody edits by hand in the admin, superusers included."""

from __future__ import annotations

import pytest
from django.contrib.admin import site
from django.db.models import Model

from orders.audit import ChangeSource, record_event
from orders.models import AuditEvent, EventName, Order, OrderState, SourceName
from payments.invoices.transitions import lock_invoice
from payments.models import Invoice, InvoiceStatus
from seqrshop.backoffice.links import admin_url
from tests.factories import InvoiceFactory
from tests.staff import page_url, run_action, superuser

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", [Order, Invoice, AuditEvent])
def test_row_cannot_be_added_changed_or_deleted(model: type[Model]) -> None:
    invoice = InvoiceFactory.create(issued=True, order__state=OrderState.AWAITING_PAYMENT)
    record_event(
        lock_invoice(invoice.pk), EventName.PAYMENT_CONFIRMED, ChangeSource(SourceName.POLLER)
    )
    row = model._default_manager.latest("pk")
    change = {"state": "refunded", "total": "1", "status": "PAID", "amount": "1", "detail": "none"}
    before = list(model._default_manager.values())
    client = superuser()

    statuses = [
        client.post(admin_url(model, "add"), {}).status_code,
        client.post(page_url(row), change).status_code,
        client.post(admin_url(model, "delete", row.pk)).status_code,
    ]
    run_action(client, "delete_selected", row)

    assert statuses == [403, 403, 403]
    assert list(model._default_manager.values()) == before
    assert invoice.status == InvoiceStatus.ISSUED


def test_every_action_has_a_name_and_needs_a_permission() -> None:
    lacking = [
        f"{type(model_admin).__name__}.{name}"
        for model_admin in site._registry.values()
        for name in model_admin.actions or ()
        if not (
            getattr(getattr(model_admin, str(name)), "allowed_permissions", None)
            and getattr(getattr(model_admin, str(name)), "short_description", None)
        )
    ]

    assert lacking == []
