"""Every page of the admin is Swedish for Swedish staff."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import lxml.html
import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from orders.audit import ChangeSource, by_staff, record_event
from orders.clock import database_now
from orders.codes.generate import save_qr_code
from orders.models import (
    EventName,
    OpeningHours,
    Product,
    QrCode,
    Seller,
    Shop,
    SourceName,
    Terminal,
)
from payments.call_audit import record_call
from payments.cases.cases import open_case
from payments.invoices.transitions import lock_invoice
from payments.models import (
    ApprovalReason,
    CaseKind,
    Invoice,
    InvoiceStatus,
    LoyaltyCard,
    MatchResult,
    PeriodRow,
    PollShard,
    Refund,
    RefundReason,
    RefundRow,
    RefundStatus,
    TransactionPeriod,
)
from payments.refunds.refund import request_refund
from payments.seqr import CallRecord
from seqrshop.backoffice.links import admin_url
from tests.factories import (
    CategoryFactory,
    InvoiceFactory,
    OptionFactory,
    OptionRowFactory,
    OrderRowFactory,
    ProductFactory,
)
from tests.staff import list_url, page_url, superuser, user_of

pytestmark = pytest.mark.django_db

BY_TEST = ChangeSource(SourceName.STAFF)
ENGLISH = re.compile(
    r"(?<!/)\b(the|of|and|not|is|are|was|by|with|from|can|could|has|have|this|that|yes|orders?"
    r"|invoices?|payments?|cases?|refunds?|shops?|services?|shards?|rows?|cards?|events?"
    r"|products?|sent|paid|cancel|cancelled|open|closed|user|groups?|change|add|delete)\b",
    re.IGNORECASE,
)
READ_ATTRIBUTES = ("title", "alt", "aria-label", "placeholder")


@pytest.fixture
def client() -> Client:
    """A superuser's browser, set to Swedish."""
    client = superuser()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "sv"
    return client


@pytest.fixture
def rows(client: Client) -> list[Model]:
    """Rows of every model that the admin shows, with a history."""
    category = CategoryFactory.create(name_sv="Bakat")
    product = ProductFactory.create(shop=category.shop, category=category, shown=True)
    shop: Shop = category.shop
    OpeningHours.objects.create(shop=shop, weekday=0, opens="08:00", closes="17:00")
    code = save_qr_code(shop, "Bord 4", "TABLE=4", user_of(client))
    paid = InvoiceFactory.create(paid=True, discounted=True, order__shop=shop)
    row = OrderRowFactory.create(order=paid.order, product=product, note="extra varm")
    option = OptionFactory.create(group__shop=shop)
    OptionRowFactory.create(parent=row, option=option)
    option.group.products.add(product)
    record_event(
        lock_invoice(paid.pk),
        EventName.PAYMENT_CONFIRMED,
        BY_TEST,
        from_state="ISSUED",
        to_state="PAID",
    )
    record_call(CallRecord("cancelInvoice", "0123", 12, 51), paid.order_id, BY_TEST)
    refund, _ = request_refund(paid.pk, Decimal(10), "kallt", by_staff(user_of(client)), "nonce")
    Refund.objects.filter(pk=refund.pk).update(status=RefundStatus.UNKNOWN)
    add_waiting_refund(product, user_of(client))
    period = TransactionPeriod.objects.create(day=date(2026, 11, 23), terminal=shop.terminal)
    report_row = PeriodRow.objects.create(
        period=period, position=1, match_result=MatchResult.UNKNOWN_SALE, amount=10
    )
    now = database_now()
    shard = PollShard.objects.create(
        number=0,
        count=settings.SEQR_POLL_SHARDS,
        round_started_at=now,
        oldest_answer_at=now,
    )
    card = LoyaltyCard.objects.create(number_digest="0", percent=10)
    cases = [open_case(kind, BY_TEST, "…", key=kind, invoice=paid) for kind in CaseKind]
    statuses = [InvoiceFactory.create(issued=True, order__shop=shop).order.invoices.get()]
    return [
        shop, shop.seller, shop.terminal, product, option.group, option, code, paid.order, paid,
        refund, period, report_row, shard, card,
        *(case for case in cases if case is not None), *statuses,
    ]  # fmt: skip


def add_waiting_refund(product: Product, person: User) -> None:
    """Store a refund of an order's only row that awaits approval; the audit is in English."""
    invoice = InvoiceFactory.create(paid=True, order__shop=product.shop)
    row = OrderRowFactory.create(order=invoice.order, product=product)
    refund = Refund.objects.create(
        invoice=invoice,
        status=RefundStatus.REQUESTED,
        approval_reason=ApprovalReason.PAYMENT_LIMIT,
        amount=row.total,
        currency=invoice.currency,
        reason_code=RefundReason.SOLD_OUT,
        requested_by=person,
    )
    RefundRow.objects.create(refund=refund, order_row=row, quantity=1, amount=row.total)


def texts_of(html: bytes) -> Iterator[str]:
    """Yield every text of a page that staff read or hear."""
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True)
    page: Any = lxml.html.fromstring(html, parser=parser)
    for unread in page.xpath("//script | //style"):
        unread.drop_tree()
    yield from page.itertext()
    for element in page.iter():
        yield from (element.get(name, "") for name in READ_ATTRIBUTES)
        if element.tag == "input" and element.get("type") == "submit":
            yield element.get("value", "")


def english_in(client: Client, *addresses: str) -> dict[str, list[str]]:
    """Return the texts with English words, by the address of their page."""
    found = {}
    for address in addresses:
        response = client.get(address)
        assert response.status_code == 200, address
        texts = {" ".join(text.split()) for text in texts_of(response.content)}
        if english := sorted(text for text in texts if ENGLISH.search(text)):
            found[address] = english
    return found


def test_lists_and_index_have_no_english(client: Client, rows: list[Model]) -> None:
    lists = [list_url(model) for model in admin.site._registry]
    apps = [reverse("admin:app_list", args=[app]) for app in ("orders", "payments")]

    assert english_in(client, reverse("admin:index"), *apps, *lists) == {}


def test_pages_have_no_english(client: Client, rows: list[Model]) -> None:
    pages = [page_url(row) for row in (*rows, user_of(client))]

    assert english_in(client, *pages) == {}


def test_forms_have_no_english(client: Client, rows: list[Model]) -> None:
    invoice = Invoice.objects.filter(status=InvoiceStatus.PAID).earliest("pk")
    refund = Refund.objects.earliest("pk")
    addresses = [
        admin_url(Invoice, "refund", invoice.pk),
        admin_url(Invoice, "capture", invoice.pk),
        admin_url(Refund, "resolve", refund.pk),
        admin_url(Refund, "approvals"),
        admin_url(TransactionPeriod, "resolve", TransactionPeriod.objects.get().pk),
        admin_url(Shop, "start", invoice.order.shop_id),
        admin_url(Shop, "terminal", invoice.order.shop_id),
        *(
            admin_url(model, "add")
            for model in (Seller, Terminal, Shop, QrCode, LoyaltyCard, User, Group)
        ),
    ]

    assert english_in(client, *addresses) == {}
