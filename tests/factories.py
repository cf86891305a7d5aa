"""Factories of the shop's rows. A test states only what matters to it."""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from orders.models import (
    Category,
    Customer,
    CustomerSession,
    OpeningHours,
    Option,
    OptionGroup,
    Order,
    OrderRow,
    OrderState,
    Picture,
    Product,
    RowKind,
    Seller,
    Shop,
    Terminal,
)
from orders.services import digest_of
from payments.balance import captured_amount
from payments.models import (
    CAPTURED_STATUSES,
    CancelReason,
    Invoice,
    InvoiceDiscount,
    InvoiceStatus,
    LoyaltyAnswer,
    Receipt,
    ReceiptKind,
)


class SellerFactory(DjangoModelFactory[Seller]):
    """The seller whose reseller account the settings name, and the sandbox knows."""

    class Meta:
        model = Seller
        django_get_or_create = ("reseller_id",)

    legal_name = "Lyktan Kafé AB"
    organisation_number = "556677-8899"
    vat_number = "SE556677889901"
    street = "Storgatan 1"
    postal_code = "111 22"
    city = "Stockholm"
    reseller_id = "public_test_shop"
    reseller_password = "1234"


class TerminalFactory(DjangoModelFactory[Terminal]):
    """The terminal that the settings name, and the sandbox knows."""

    class Meta:
        model = Terminal
        django_get_or_create = ("principal_id",)

    seller = factory.SubFactory(SellerFactory)
    principal_id = "public_test_shop_terminal"
    label = "Till 1"
    password = "12345678"


class ShopFactory(DjangoModelFactory[Shop]):
    """A shop without products, at the terminal that the settings name."""

    class Meta:
        model = Shop

    name = factory.Sequence(lambda n: f"Kafé {n}")
    slug = factory.Sequence(lambda n: f"kafe-{n}")
    service_id = factory.Sequence(lambda n: f"KAFE{n}")
    terminal = factory.SubFactory(TerminalFactory)
    seller = factory.SelfAttribute("terminal.seller")


class OpeningHoursFactory(DjangoModelFactory[OpeningHours]):
    """Opening hours from 08:00 to 17:00 on Mondays."""

    class Meta:
        model = OpeningHours

    shop = factory.SubFactory(ShopFactory)
    weekday = 0
    opens = time(8)
    closes = time(17)


class CategoryFactory(DjangoModelFactory[Category]):
    """A heading on the menu."""

    class Meta:
        model = Category

    shop = factory.SubFactory(ShopFactory)
    name_sv = "Bakverk"
    name_en = "Pastries"


class PictureFactory(DjangoModelFactory[Picture]):
    """A picture's row, whose content is no image."""

    class Meta:
        model = Picture

    content = factory.Sequence(lambda n: f"the bytes of picture {n}".encode())
    digest = factory.LazyAttribute(lambda picture: sha256(picture.content).hexdigest())
    width = height = 320


class ProductFactory(DjangoModelFactory[Product]):
    """A product on sale at 45.00."""

    class Meta:
        model = Product

    class Params:
        shown = factory.Trait(
            picture=factory.SubFactory(PictureFactory),
            picture_alt_sv="En snurrad bulle",
            picture_alt_en="A swirled bun",
        )

    shop = factory.SubFactory(ShopFactory)
    name_sv = "Kanelbulle"
    name_en = "Cinnamon bun"
    price = Decimal("45.00")
    vat_rate = Decimal("12.00")


class OptionGroupFactory(DjangoModelFactory[OptionGroup]):
    """The choice of a coffee's milk: one of them. Give `products` that offer it."""

    class Meta:
        model = OptionGroup
        skip_postgeneration_save = True

    shop = factory.SubFactory(ShopFactory)
    name_sv = "Mjölk"
    name_en = "Milk"
    minimum = 1
    maximum = 1

    @factory.post_generation
    def products(
        group: OptionGroup,  # noqa: N805
        _create: bool,
        extracted: Any,
        **_extra: Any,
    ) -> None:
        """Let products offer the group."""
        group.products.add(*(extracted or ()))


class OptionFactory(DjangoModelFactory[Option]):
    """Oat milk at 5.00."""

    class Meta:
        model = Option

    group = factory.SubFactory(OptionGroupFactory)
    name_sv = "Havremjölk"
    name_en = "Oat milk"
    price = Decimal("5.00")


class CustomerFactory(DjangoModelFactory[Customer]):
    """A customer."""

    class Meta:
        model = Customer

    subscriber_key = factory.Sequence(lambda n: f"subscriber-{n}")
    msisdn = factory.Sequence(lambda n: f"4670{n:07}")


class CustomerSessionFactory(DjangoModelFactory[CustomerSession]):
    """A live session; give `token` to use it as X-SEQR-Token."""

    class Meta:
        model = CustomerSession

    class Params:
        token = factory.Sequence(lambda n: f"0000002012-{n:08}")
        expired = factory.Trait(
            expires_at=factory.LazyFunction(lambda: timezone.now() - timedelta(seconds=1))
        )

    token_digest = factory.LazyAttribute(lambda session: digest_of(session.token))
    customer = factory.SubFactory(CustomerFactory)
    shop = factory.SubFactory(ShopFactory)
    parameters = factory.LazyFunction(lambda: {"TABLE": "4"})
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(hours=1))


def _time_of_step(step: OrderState) -> Any:
    return factory.LazyAttribute(lambda order: timezone.now() if order.state == step else None)


class OrderFactory(DjangoModelFactory[Order]):
    """An order over 45.00 SEK, without rows or invoice; its state is its kitchen's only step."""

    class Meta:
        model = Order

    shop = factory.SubFactory(ShopFactory)
    customer = factory.SubFactory(CustomerFactory)
    nonce = factory.Sequence(lambda n: f"nonce-{n:08}")
    language = "en"
    state = OrderState.CREATED
    total = Decimal("45.00")
    currency = "SEK"
    preparing_at = _time_of_step(OrderState.PREPARING)
    ready_at = _time_of_step(OrderState.READY)
    served_at = _time_of_step(OrderState.SERVED)


class OrderRowFactory(DjangoModelFactory[OrderRow]):
    """One cinnamon bun at 45.00."""

    class Meta:
        model = OrderRow

    order = factory.SubFactory(OrderFactory)
    product = factory.SubFactory(ProductFactory, shop=factory.SelfAttribute("..order.shop"))
    name_sv = factory.SelfAttribute("product.name_sv")
    name_en = factory.SelfAttribute("product.name_en")
    unit = factory.SelfAttribute("product.unit")
    quantity = 1
    unit_price = factory.SelfAttribute("product.price")
    vat_rate = factory.SelfAttribute("product.vat_rate")
    total = factory.LazyAttribute(lambda row: row.quantity * row.unit_price)


class OptionRowFactory(DjangoModelFactory[OrderRow]):
    """Oat milk at 5.00, chosen with each unit of a product's row. Give `parent`."""

    class Meta:
        model = OrderRow

    kind = RowKind.OPTION
    order = factory.SelfAttribute("parent.order")
    product = factory.SelfAttribute("parent.product")
    option = factory.SubFactory(OptionFactory, group__shop=factory.SelfAttribute("...order.shop"))
    name_sv = factory.SelfAttribute("option.name_sv")
    name_en = factory.SelfAttribute("option.name_en")
    unit = factory.SelfAttribute("parent.unit")
    quantity = factory.SelfAttribute("parent.quantity")
    unit_price = factory.SelfAttribute("option.price")
    vat_rate = factory.SelfAttribute("parent.vat_rate")
    total = factory.LazyAttribute(lambda row: row.quantity * row.unit_price)


class TipRowFactory(DjangoModelFactory[OrderRow]):
    """A tip of 5.00."""

    class Meta:
        model = OrderRow

    order = factory.SubFactory(OrderFactory)
    kind = RowKind.TIP
    name_sv = "Dricks"
    name_en = "Tip"
    unit = "st"
    quantity = 1
    unit_price = Decimal("5.00")
    vat_rate = Decimal(0)
    total = factory.SelfAttribute("unit_price")


class InvoiceFactory(DjangoModelFactory[Invoice]):
    """An invoice in CREATED with its order; a trait puts both into another state."""

    class Meta:
        model = Invoice
        skip_postgeneration_save = True

    class Params:
        order_state = OrderState.CREATED
        # The fields of every invoice that SEQR has issued.
        known = factory.Trait(
            invoice_reference=factory.Sequence(lambda n: str(1_000_000_000 + n)),
            issued_at=factory.LazyFunction(timezone.now),
        )
        sending = factory.Trait(
            status=InvoiceStatus.SENDING,
            order_state=OrderState.SENDING,
            lease_until=factory.LazyFunction(lambda: timezone.now() + timedelta(seconds=30)),
        )
        issued = factory.Trait(
            known=True, status=InvoiceStatus.ISSUED, order_state=OrderState.AWAITING_PAYMENT
        )
        reserved = factory.Trait(
            known=True, status=InvoiceStatus.RESERVED, order_state=OrderState.AWAITING_PAYMENT
        )
        needs_attention = factory.Trait(
            known=True,
            status=InvoiceStatus.NEEDS_ATTENTION,
            order_state=OrderState.NEEDS_ATTENTION,
        )
        cancel_pending = factory.Trait(
            known=True,
            status=InvoiceStatus.CANCEL_PENDING,
            order_state=OrderState.CANCEL_PENDING,
            cancel_reason=CancelReason.CUSTOMER,
        )
        paid = factory.Trait(
            known=True,
            status=InvoiceStatus.PAID,
            order_state=OrderState.PAID,
            ers_reference=factory.Sequence(lambda n: f"2012060410485453001{n:06}"),
            paid_at=factory.LazyFunction(timezone.now),
        )
        canceled = factory.Trait(
            known=True,
            status=InvoiceStatus.CANCELED,
            order_state=OrderState.CANCELED,
            cancel_reason=CancelReason.CUSTOMER,
        )
        failed = factory.Trait(
            known=True, status=InvoiceStatus.FAILED, order_state=OrderState.FAILED
        )
        expired = factory.Trait(
            known=True,
            status=InvoiceStatus.EXPIRED,
            order_state=OrderState.EXPIRED,
            cancel_reason=CancelReason.LIFETIME,
        )

        # A loyalty card has reduced it by 4.50.
        discounted = factory.Trait(
            amount=Decimal("40.50"),
            loyalty_answer=LoyaltyAnswer.USED,
            discount=factory.RelatedFactory(
                "tests.factories.InvoiceDiscountFactory", factory_related_name="invoice"
            ),
        )

    order = factory.SubFactory(OrderFactory, state=factory.SelfAttribute("..order_state"))
    shop = factory.SelfAttribute("order.shop")
    terminal = factory.SelfAttribute("order.shop.terminal")
    amount = factory.SelfAttribute("order.total")
    currency = factory.SelfAttribute("order.currency")

    @factory.post_generation
    def receipt(self, create: bool, extracted: Any, **_: object) -> None:
        """Issue the receipt of a payment, unless `receipt` is False."""
        invoice: Any = self
        if create and extracted is not False and invoice.status in CAPTURED_STATUSES:
            ReceiptFactory.create(invoice=invoice, amount=captured_amount(invoice))


def _next_receipt_number(receipt: Any) -> int:
    """Return the seller's next number, where no COMMIT assigns it."""
    numbers = Receipt.objects.filter(seller=receipt.seller).values_list("number", flat=True)
    return 1 + max((number for number in numbers if number), default=0)


class ReceiptFactory(DjangoModelFactory[Receipt]):
    """The receipt of a payment of 45.00 SEK."""

    class Meta:
        model = Receipt

    invoice = factory.SubFactory(InvoiceFactory)
    seller = factory.SelfAttribute("invoice.terminal.seller")
    number = factory.LazyAttribute(_next_receipt_number)
    kind = ReceiptKind.PAYMENT
    amount = factory.SelfAttribute("invoice.amount")
    currency = factory.SelfAttribute("invoice.currency")
    legal_name = factory.SelfAttribute("seller.legal_name")
    organisation_number = factory.SelfAttribute("seller.organisation_number")
    vat_number = factory.SelfAttribute("seller.vat_number")
    street = factory.SelfAttribute("seller.street")
    postal_code = factory.SelfAttribute("seller.postal_code")
    city = factory.SelfAttribute("seller.city")


class InvoiceDiscountFactory(DjangoModelFactory[InvoiceDiscount]):
    """A loyalty discount of 4.50."""

    class Meta:
        model = InvoiceDiscount

    invoice = factory.SubFactory(InvoiceFactory)
    name_sv = "Stamkundsrabatt 10 %"
    name_en = "Loyalty discount 10%"
    amount = Decimal("-4.50")
    vat_rate = Decimal("12.00")
