import secrets
import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from orders.languages import Named, current_language
from orders.models.audited import AuditedModel, AuditSubject, SubjectType
from orders.models.customer import Customer
from orders.models.option import Option
from orders.models.product import Dining, Product
from orders.models.shop import Shop

NOTE_LENGTH = 120
FIRST_NUMBER = 1000  # so that the first customer's number does not look like a test


class OrderState(models.TextChoices):
    """The state of an order, as its customer sees it."""

    CREATED = "created", _("created")
    SENDING = "sending", _("sending")
    AWAITING_PAYMENT = "awaiting_payment", _("awaiting payment")
    CANCEL_PENDING = "cancel_pending", _("cancel pending")
    PAID = "paid", _("paid")
    PREPARING = "preparing", _("being prepared")
    READY = "ready", _("ready")
    SERVED = "served", _("served")
    CANCELED = "canceled", _("cancelled")
    FAILED = "failed", _("failed")
    EXPIRED = "expired", _("timed out")
    PARTLY_REFUNDED = "partly_refunded", _("partly refunded")
    REFUNDED = "refunded", _("refunded")
    NEEDS_ATTENTION = "needs_attention", _("needs attention")


OPEN_STATES = (
    OrderState.CREATED,
    OrderState.SENDING,
    OrderState.AWAITING_PAYMENT,
    OrderState.CANCEL_PENDING,
)
# An order in one of these states blocks its customer's next order at the shop. No constraint covers
# NEEDS_ATTENTION: such an order may also be an old one whose payment was reversed.
BLOCKING_STATES = (*OPEN_STATES, OrderState.NEEDS_ATTENTION)
# The customer has paid, and is to get the goods.
SERVABLE_STATES = (
    OrderState.PAID,
    OrderState.PREPARING,
    OrderState.READY,
    OrderState.PARTLY_REFUNDED,
)
# What the kitchen records of a paid order, in this sequence, each with the field of its time.
PROGRESS_FIELDS = {
    OrderState.PREPARING: "preparing_at",
    OrderState.READY: "ready_at",
    OrderState.SERVED: "served_at",
}
# A part of the payment, or all of it, has been refunded.
REFUNDED_STATES = (OrderState.PARTLY_REFUNDED, OrderState.REFUNDED)
PAYABLE_AGAIN = (OrderState.CANCELED, OrderState.FAILED, OrderState.EXPIRED)
# No invoice has paid an order in one of these states.
UNPAID_STATES = (*OPEN_STATES, *PAYABLE_AGAIN)


def number_of(order_id: int) -> str:
    """Return an order's number for people, given its ID."""
    return str(FIRST_NUMBER + order_id)


def _return_key() -> str:
    return secrets.token_urlsafe(24)


def _state_matches_progress() -> models.Q:
    """Select the orders of which nothing is refunded that are in the state of their progress."""
    s = OrderState
    unserved = models.Q(served_at=None)
    return (
        (~models.Q(state=s.PAID) | (unserved & models.Q(preparing_at=None, ready_at=None)))
        & (
            ~models.Q(state=s.PREPARING)
            | (unserved & models.Q(preparing_at__isnull=False, ready_at=None))
        )
        & (~models.Q(state=s.READY) | (unserved & models.Q(ready_at__isnull=False)))
        & (~models.Q(state=s.SERVED) | models.Q(served_at__isnull=False))
    )


class Order(AuditedModel):
    """One customer's order at one shop. `total` includes VAT, in major units.

    Only `orders.transitions.transition_order` writes `state`. The times of the kitchen's steps are
    kept beside it: a served order may be refunded, and a partly refunded one prepared and served. A
    step that was skipped, or undone, has no time. `note` is the customer's for the whole order, and
    `dining` is empty where the shop does not ask.
    """

    state_field = "state"
    customer_visible_fields = frozenset({"state", *PROGRESS_FIELDS.values()})

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    return_key = models.CharField(max_length=32, default=_return_key, editable=False)
    shop = models.ForeignKey(
        Shop, models.PROTECT, related_name="orders", verbose_name=_("shop"), db_index=False
    )
    customer = models.ForeignKey(
        Customer,
        models.PROTECT,
        related_name="orders",
        verbose_name=_("customer"),
        db_index=False,
    )
    nonce = models.CharField(max_length=64)
    parameters = models.JSONField(default=dict, blank=True)
    language = models.CharField(max_length=10, default="sv")
    note = models.CharField(_("note"), max_length=NOTE_LENGTH, blank=True, default="")
    dining = models.CharField(
        _("dining"), max_length=9, choices=Dining.choices, blank=True, default=""
    )
    state = models.CharField(
        _("state"), max_length=20, choices=OrderState.choices, default=OrderState.CREATED
    )
    total = models.DecimalField(_("total"), max_digits=10, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    created_at = models.DateTimeField(_("ordered"), db_default=Now())
    preparing_at = models.DateTimeField(_("being prepared since"), null=True)
    ready_at = models.DateTimeField(_("ready since"), null=True)
    served_at = models.DateTimeField(_("served"), null=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        permissions = [("serve_order", gettext_noop("Can mark an order as served"))]
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["customer", "shop", "-id"], name="order_of_customer"),
            models.Index(fields=["created_at"], name="order_by_day"),
            models.Index(fields=["shop", "id"], name="order_of_shop"),
            # The latest orders that became ready, from which a shop's usual time is learned.
            models.Index(
                fields=["shop", "-ready_at"],
                condition=models.Q(ready_at__isnull=False),
                name="order_ready_of_shop",
            ),
            # For the staff's lists. Open orders have order_open_once.
            models.Index(
                fields=["state", "id"],
                condition=~models.Q(state__in=OPEN_STATES),
                name="order_ended",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["return_key"], name="order_return_key_once"),
            models.UniqueConstraint(fields=["customer", "shop", "nonce"], name="order_nonce_once"),
            models.UniqueConstraint(
                fields=["customer", "shop"],
                condition=models.Q(state__in=OPEN_STATES),
                name="order_open_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=OrderState.values), name="order_state_known"
            ),
            models.CheckConstraint(condition=models.Q(total__gt=0), name="order_total_positive"),
            models.CheckConstraint(
                condition=models.Q(dining__in=["", *Dining.values]), name="order_dining_known"
            ),
            models.CheckConstraint(
                condition=_state_matches_progress(), name="order_state_matches_progress"
            ),
        ]

    def __str__(self) -> str:
        return gettext("Order %(number)s") % {"number": self.number}

    @property
    def number(self) -> str:
        """The order number for people: on the receipt, at the counter, in the admin."""
        return number_of(self.pk)

    @property
    def progress(self) -> OrderState:
        """How far the kitchen has come: PAID before its first step, else its latest step.

        A paid order of which nothing is refunded is in this state.
        """
        for step, time_field in reversed(PROGRESS_FIELDS.items()):
            if getattr(self, time_field) is not None:
                return step
        return OrderState.PAID

    @property
    def audit_subject(self) -> AuditSubject:
        return AuditSubject(SubjectType.ORDER, self.pk, self.number, self.pk)

    @property
    def published_order_id(self) -> uuid.UUID:
        return self.public_id


class RowKind(models.TextChoices):
    """What an order row is for."""

    PRODUCT = "product", _("product")
    OPTION = "option", _("option")
    TIP = "tip", _("tip")


def _row_matches_kind() -> models.Q:
    """Select the rows that refer to what a row of their kind refers to, and to nothing else."""
    no_option = models.Q(parent=None, option=None)
    return (
        models.Q(kind=RowKind.PRODUCT, product__isnull=False) & no_option
        | models.Q(
            kind=RowKind.OPTION,
            product__isnull=False,
            parent__isnull=False,
            option__isnull=False,
            note="",
        )
        | models.Q(kind=RowKind.TIP, product=None, quantity=1, vat_rate=0, note="") & no_option
    )


class OrderRow(Named, models.Model):
    """One product of an order, one option chosen with it, or the tip, as it was then.

    `total` is quantity × unit_price, with VAT. A product's row is without its options: each of them
    is a row of its own, with the product and the quantity of its `parent`, and its VAT rate. The
    tip is a row without product and VAT. `note` is the customer's for a product's row.
    """

    order = models.ForeignKey(Order, models.CASCADE, related_name="rows")
    kind = models.CharField(max_length=7, choices=RowKind.choices, default=RowKind.PRODUCT)
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="+", db_index=False)
    product = models.ForeignKey(Product, models.PROTECT, null=True, related_name="+")
    option = models.ForeignKey(Option, models.PROTECT, null=True, related_name="+", db_index=False)
    name_sv = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80)
    sku = models.CharField(max_length=40, blank=True, default="")
    unit = models.CharField(_("unit"), max_length=10)
    quantity = models.PositiveIntegerField(_("quantity"))
    unit_price = models.DecimalField(_("unit price"), max_digits=10, decimal_places=2)
    vat_rate = models.DecimalField(_("VAT rate (%)"), max_digits=4, decimal_places=2)
    total = models.DecimalField(_("total"), max_digits=10, decimal_places=2)
    note = models.CharField(_("note"), max_length=NOTE_LENGTH, blank=True, default="")

    class Meta:
        verbose_name = _("order row")
        verbose_name_plural = _("order rows")
        ordering = ["id"]
        indexes = [
            # For the check of a deleted option. Most rows have none.
            models.Index(
                fields=["option"], name="row_of_option", condition=models.Q(option__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=_row_matches_kind(), name="row_matches_its_kind"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="row_quantity"),
            models.CheckConstraint(
                condition=models.Q(total=models.F("quantity") * models.F("unit_price")),
                name="row_total_is_the_product",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name_in(current_language())}"

    @property
    def is_tip(self) -> bool:
        """Whether it is the tip, which no discount lowers and nobody makes or serves."""
        return self.kind == RowKind.TIP
