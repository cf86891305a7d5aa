"""Orders, times and calls to SEQR by day and hour, summed by `payments.takings.activity`.

A day is of Stockholm's clock. Orders count when they were placed, and calls when they ended.
"""

from django.db import models

from orders.models import Shop

NO_SHOP = 0


class ActivityName(models.TextChoices):
    """What is counted from the audit up to some time."""

    ORDERS = "orders"
    CALLS = "calls"


class Measure(models.TextChoices):
    """What durations TimesDay counts, beside the answer times of SEQR's operations."""

    RECORDED = "recorded"
    READY = "ready"
    SERVED = "served"


class ActivityCursor(models.Model):
    """Up to which time the audit is counted: its row is locked while more is."""

    name = models.CharField(max_length=10, primary_key=True, choices=ActivityName.choices)
    until = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.until}"


class OrderCounts(models.Model):
    """How many orders were placed, and what became of them so far.

    `refunded` are among the paid ones, in part or in full. `abandoned` were cancelled or timed out.
    What is neither paid, abandoned nor failed is open, or needs attention.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    placed = models.PositiveIntegerField(default=0)
    paid = models.PositiveIntegerField(default=0)
    abandoned = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    refunded = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.shop_id} {self.day}"


ORDER_COUNTS = ("placed", "paid", "abandoned", "failed", "refunded")


class OrdersHour(OrderCounts):
    """The orders of one hour. `times` has a histogram by Measure: counts by bucket."""

    started_at = models.DateTimeField()
    times = models.JSONField(default=dict)

    class Meta(OrderCounts.Meta):
        constraints = [
            models.UniqueConstraint(fields=["shop", "day", "started_at"], name="orders_hour_once")
        ]


class OrdersDay(OrderCounts):
    """The orders of one day: the sums of its hours."""

    class Meta(OrderCounts.Meta):
        constraints = [models.UniqueConstraint(fields=["shop", "day"], name="orders_day_once")]


class TimesDay(models.Model):
    """A bucket of a day's histogram: of a Measure, or of the answer times of SEQR's operation.

    `shop_id` is NO_SHOP for calls that are about no order. The bounds of the buckets are in
    `payments.takings.histogram`.
    """

    shop_id = models.BigIntegerField()
    day = models.DateField()
    measure = models.CharField(max_length=40)
    bucket = models.PositiveSmallIntegerField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["shop_id", "day", "measure", "bucket"], name="times_day_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.shop_id} {self.day} {self.measure} {self.bucket}"


class TimesMonth(models.Model):
    """The sums of TimesDay by month, of which `month` is the first day, so that years are quick.

    A trigger of TimesDay keeps them, in the statement that writes a day. So they are right
    whatever counts, corrects or deletes days. A count is 0 once all of its days are deleted.
    """

    shop_id = models.BigIntegerField()
    month = models.DateField()
    measure = models.CharField(max_length=40)
    bucket = models.PositiveSmallIntegerField()
    count = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["shop_id", "month", "measure", "bucket"], name="times_month_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.shop_id} {self.month:%Y-%m} {self.measure} {self.bucket}"


class CallsDay(models.Model):
    """The calls of one of SEQR's operations on one day, as the audit has them.

    SEQR has `refused` those that it answered with another code than 0; `unanswered` are those
    without a readable answer. `shop_id` is NO_SHOP for calls that are about no order.
    """

    shop_id = models.BigIntegerField()
    day = models.DateField()
    operation = models.CharField(max_length=40)
    calls = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    unanswered = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["shop_id", "day", "operation"], name="calls_day_once")
        ]

    def __str__(self) -> str:
        return f"{self.shop_id} {self.day} {self.operation}"
