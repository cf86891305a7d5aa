from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _


class SubjectType(models.TextChoices):
    """The kinds of rows and calls that an audit event can be about."""

    ORDER = "order", _("order")
    INVOICE = "invoice", _("payment")
    REFUND = "refund", _("refund")
    CASE = "case", _("payment case")
    PERIOD = "period", _("transaction period")
    CLOSING = "closing", _("day closing")
    TERMINAL = "terminal", _("terminal")
    USER = "user", _("user")
    CUSTOMER = "customer", _("customer")
    FILE = "file", _("file")
    AUDIT = "audit", _("audit")
    CALL = "call", _("call to SEQR")


@dataclass(frozen=True)
class AuditSubject:
    """The row or call that an event is about, its label for people, and the order it belongs to."""

    subject_type: SubjectType
    subject_id: int | None
    label: str
    order_id: int | None


class AuditedModel(models.Model):
    """A row whose changes are recorded in the audit.

    A change of one of its `customer_visible_fields` is published to the streams of its order.
    """

    state_field: ClassVar[str] = "status"
    customer_visible_fields: ClassVar[frozenset[str]] = frozenset()

    class Meta:
        abstract = True

    @property
    def audit_subject(self) -> AuditSubject:
        """The row as the subject of an event. Every audited model has its own."""
        raise NotImplementedError

    @property
    def published_order_id(self) -> UUID:
        """The public id of the order whose streams show the customer-visible fields.

        A model without such fields has none, and is never asked.
        """
        raise NotImplementedError
