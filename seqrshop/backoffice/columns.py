"""Columns that the lists and pages of several models show alike."""

from typing import Any

from django.contrib import admin
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from payments.models import Invoice
from seqrshop.backoffice.formatting import age, money
from seqrshop.backoffice.links import link
from seqrshop.backoffice.state_pills import pill


class AmountColumn:
    """The row's own amount, in its own currency."""

    @admin.display(description=_("amount"), ordering="amount")
    def amount_with_currency(self, row: Any) -> str:
        """Return the amount with its currency."""
        return money(row.amount, row.currency)


class AgeColumn:
    """Time since the row was created."""

    @admin.display(description=_("age"), ordering="-id")  # rows are stored in order of age
    def age(self, row: Any) -> str:
        """Return the time in its largest unit."""
        return age(row.created_at)


class StatusColumn:
    """The row's status, in its colour. `statuses` are those of the model."""

    statuses: type[TextChoices]

    @admin.display(description=_("status"), ordering="status")
    def status_pill(self, row: Any) -> str:
        """Return the status in its colour."""
        return pill(self.statuses(row.status))


class OrderColumn:
    """The order that a row belongs to."""

    @admin.display(description=_("order"), ordering="order")
    def order_link(self, row: Any) -> str:
        """Return the order's number, linked to its page."""
        return link(row.order, row.order and row.order.number)


class InvoiceColumn:
    """The payment that a row belongs to."""

    @admin.display(description=_("payment"))
    def invoice_link(self, row: Any) -> str:
        """Return the payment's number, linked to its page."""
        return invoice_link(row.invoice)


def invoice_link(invoice: Invoice | None) -> str:
    """Return a payment's number, linked to its page."""
    return link(invoice, invoice and invoice.client_invoice_id)
