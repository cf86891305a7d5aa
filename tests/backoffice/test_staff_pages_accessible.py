"""The pages of orders, refunds, cases and exports have no violation that axe finds."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from orders.audit import ChangeSource, by_staff
from orders.models import Order, OrderRow, SourceName
from payments.cases.cases import open_case
from payments.models import CaseKind, Invoice, Refund, RefundReason
from payments.refunds.refund import RefundRequest, create_refund
from seqrshop.backoffice.links import admin_url
from tests.backoffice.test_browser import logged_in
from tests.backoffice.test_refund_in_browser import order_of_two_coffees_and_a_bun
from tests.browser.axe import violations_in_each_theme
from tests.factories import OptionRowFactory
from tests.staff import page_url

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_pages_of_orders_refunds_and_cases_have_no_violation(
    live_server: LiveServer, settings: Settings, clerk: User
) -> None:
    settings.REFUND_APPROVAL_LIMIT = Decimal("30.00")
    invoice = order_of_two_coffees_and_a_bun()
    row = invoice.order.rows.last()
    assert row is not None
    OptionRowFactory.create(parent=row, option__price=Decimal("0.00"))
    Order.objects.update(note="We sit outside", dining="take_away")
    OrderRow.objects.filter(pk=row.pk).update(note="warm, please")
    request = RefundRequest(row.total, "", "form", RefundReason.WRONG_ITEM, {row.pk: 1})
    create_refund(invoice.pk, request, by_staff(clerk))
    source = ChangeSource(SourceName.POLLER)
    case = open_case(CaseKind.PAID_THOUGH_CANCELED, source, "it was paid", invoice=invoice)
    assert case is not None
    paths = {
        "order": page_url(invoice.order),
        "refund": admin_url(Invoice, "refund", invoice.pk),
        "approvals": admin_url(Refund, "approvals"),
        "case": page_url(case),
        "exports": reverse("staff:exports"),
    }

    found = {}
    with logged_in(live_server) as browser:
        for name, path in paths.items():
            browser.open(path)
            found[name] = violations_in_each_theme(browser.page)

    assert {page: each for page, each in found.items() if each} == {}
