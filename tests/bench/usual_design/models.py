"""The usual design's rows."""

import secrets
import uuid

from django.db import models


class Product(models.Model):
    """A product of the only shop. `price` is in major units."""

    name = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=12, decimal_places=2)
    sold_out = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class Customer(models.Model):
    """A customer, by SEQR's stable key."""

    subscriber_key = models.CharField(max_length=100, unique=True)
    msisdn = models.CharField(max_length=20)

    def __str__(self) -> str:
        return self.subscriber_key


class Order(models.Model):
    """An order and what it costs."""

    class State(models.TextChoices):
        """The states that a customer can see."""

        CREATED = "created"
        AWAITING_PAYMENT = "awaiting_payment"
        PAID = "paid"
        CANCELED = "canceled"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT)
    nonce = models.CharField(max_length=64)
    state = models.CharField(max_length=20, choices=State.choices, default=State.CREATED)
    total = models.DecimalField(max_digits=12, decimal_places=2)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """A double tap is one order."""

        constraints = [
            models.UniqueConstraint(fields=["customer", "nonce"], name="usual_one_order_per_nonce")
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class OrderRow(models.Model):
    """A row of an order, with the price at which it was ordered."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="rows")
    product = models.ForeignKey(Product, models.PROTECT)
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=12, decimal_places=2)

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"


class Invoice(models.Model):
    """An order's invoice at SEQR."""

    class Status(models.TextChoices):
        """SEQR's statuses, and CREATED before it is sent."""

        CREATED = "CREATED"
        ISSUED = "ISSUED"
        PAID = "PAID"
        CANCELED = "CANCELED"

    order = models.OneToOneField(Order, models.CASCADE)
    status = models.CharField(
        max_length=30, choices=Status.choices, default=Status.CREATED, db_index=True
    )
    notify_key = models.CharField(max_length=50, unique=True, default=secrets.token_urlsafe)
    invoice_reference = models.CharField(max_length=64, null=True, unique=True)
    invoice_version = models.IntegerField(default=0)
    ers_reference = models.CharField(max_length=64, null=True, unique=True)
    paid_at = models.DateTimeField(null=True)
    receipt_sent_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.invoice_reference or str(self.pk)
