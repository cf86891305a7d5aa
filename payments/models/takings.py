"""The takings by day and hour, summed from the receipts by `payments.takings.update`.

A day and an hour are of Stockholm's clock, at which the receipt was issued. Amounts are in major
units. Refunds and reversals are below 0, and count on the day of their credit receipt.
"""

from django.db import models

from orders.models import Product, Seller, Shop
from payments.models.receipt import ReceiptKind


class TakingsCursor(models.Model):
    """How far the receipts of a seller are counted: its row is locked while more are.

    The numbers of a seller have no hole, and a receipt is visible before any with a higher number.
    So a receipt up to `last_number` is counted exactly once, and a later one is not counted yet.
    """

    seller = models.OneToOneField(Seller, models.PROTECT, primary_key=True, related_name="+")
    last_number = models.PositiveBigIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.seller_id}: {self.last_number}"


class TakingsDay(models.Model):
    """The receipts of one shop, day and currency. The sums by VAT rate are in TakingsVat.

    `discounts` is below 0, and has lowered the sales already. The numbers are the seller's.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    currency = models.CharField(max_length=3)
    payments = models.PositiveIntegerField(default=0)
    refunds = models.PositiveIntegerField(default=0)
    reversals = models.PositiveIntegerField(default=0)
    first_number = models.PositiveBigIntegerField()
    last_number = models.PositiveBigIntegerField()
    tips = models.DecimalField(max_digits=17, decimal_places=2, default=0)
    tips_refunded = models.DecimalField(max_digits=17, decimal_places=2, default=0)
    discounts = models.DecimalField(max_digits=17, decimal_places=2, default=0)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["shop", "day", "currency"], name="takings_day_once")
        ]

    def __str__(self) -> str:
        return f"{self.shop_id} {self.day} {self.currency}"


class TakingsVat(models.Model):
    """The goods of a day's payments, refunds or reversals at one VAT rate, without the tips."""

    takings = models.ForeignKey(
        TakingsDay, models.CASCADE, related_name="vat_lines", db_index=False
    )
    kind = models.CharField(max_length=8, choices=ReceiptKind.choices)
    rate = models.DecimalField(max_digits=4, decimal_places=2)
    net = models.DecimalField(max_digits=17, decimal_places=2)
    vat = models.DecimalField(max_digits=17, decimal_places=2)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["takings", "kind", "rate"], name="takings_vat_once")
        ]

    def __str__(self) -> str:
        return f"{self.takings_id} {self.kind} {self.rate}"


class TakingsHour(models.Model):
    """The goods that were paid for and refunded in one hour, without the tips.

    The hour that a change of the clock repeats counts as one. Reversals are among the refunds.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    hour = models.PositiveSmallIntegerField()
    currency = models.CharField(max_length=3)
    payments = models.PositiveIntegerField(default=0)
    sales_net = models.DecimalField(max_digits=17, decimal_places=2, default=0)
    sales_gross = models.DecimalField(max_digits=17, decimal_places=2, default=0)
    refunds_net = models.DecimalField(max_digits=17, decimal_places=2, default=0)
    refunds_gross = models.DecimalField(max_digits=17, decimal_places=2, default=0)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "day", "hour", "currency"], name="takings_hour_once"
            ),
            models.CheckConstraint(
                condition=models.Q(hour__gte=0, hour__lt=24), name="takings_hour_of_the_clock"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shop_id} {self.day} {self.hour}:00 {self.currency}"


class TakingsProduct(models.Model):
    """What one product brought in on a day, with its options and after discounts and refunds.

    `units` are those paid for less those refunded by rows: a refunded amount and a reversal lower
    the amounts alone.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    currency = models.CharField(max_length=3)
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    units = models.IntegerField(default=0)
    net = models.DecimalField(max_digits=17, decimal_places=2, default=0)
    gross = models.DecimalField(max_digits=17, decimal_places=2, default=0)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "day", "currency", "product"], name="takings_product_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.shop_id} {self.day} {self.product_id} {self.currency}"


class TakingsGoodsMonth(models.Model):
    """The sums of TakingsVat by month, of all VAT rates. `month` is the first day of the month.

    A trigger of TakingsVat keeps them, as one does TimesMonth.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="+", db_index=False)
    month = models.DateField()
    currency = models.CharField(max_length=3)
    kind = models.CharField(max_length=8, choices=ReceiptKind.choices)
    net = models.DecimalField(max_digits=17, decimal_places=2)
    vat = models.DecimalField(max_digits=17, decimal_places=2)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "month", "currency", "kind"], name="takings_goods_month_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.shop_id} {self.month:%Y-%m} {self.kind} {self.currency}"


class TakingsProductMonth(models.Model):
    """The sums of TakingsProduct by month, of which `month` is the first day.

    A trigger of TakingsProduct keeps them, as one does TimesMonth.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="+", db_index=False)
    month = models.DateField()
    currency = models.CharField(max_length=3)
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    units = models.BigIntegerField()
    net = models.DecimalField(max_digits=17, decimal_places=2)
    gross = models.DecimalField(max_digits=17, decimal_places=2)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "month", "currency", "product"], name="takings_product_month_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.shop_id} {self.month:%Y-%m} {self.product_id} {self.currency}"
