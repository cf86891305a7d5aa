"""The page before an action over products, shops, codes, refunds, cases, periods or terminals."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import Model
from django.test import Client

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.codes.generate import save_qr_code
from orders.models import Product, QrCode, Shop, SourceName
from payments.cases.cases import open_case
from payments.models import (
    BulkJob,
    CaseKind,
    Invoice,
    InvoiceStatus,
    MoneyCase,
    PeriodStatus,
    Refund,
    RefundStatus,
    TransactionPeriod,
)
from seqrshop.backoffice.bulk import choose
from seqrshop.backoffice.bulk.choose import SkippedRows
from seqrshop.backoffice.bulk.jobs import run_job, start_job
from tests.factories import InvoiceFactory, ProductFactory, ShopFactory, TerminalFactory
from tests.payments.refunds.steps import requested_refund
from tests.payments.steps import invoice_in, pause_for_refused_password
from tests.staff import list_url, run_action, staff, superuser, user_of

pytestmark = pytest.mark.django_db

BY_TEST = ChangeSource(SourceName.POLLER)
SELLER = ("orders.view_product", "orders.sell_out_product")
CUSTOMERS_SEE_IT = "Customers see at once that these products are sold out"


def asked(client: Client, action: str, *rows: Model) -> str:
    """Choose rows of a list and an action; return the page that says what will happen."""
    body = {"action": action, "_selected_action": [row.pk for row in rows]}
    answer: Any = client.post(list_url(type(rows[0])), body)
    assert answer.status_code == 200, "the action was carried out without a question"
    return str(answer.content.decode())


def bun_tea_and_cake() -> list[Product]:
    """Return three products, the last of which is sold out."""
    names = {"Bulle": "Bun", "Te": "Tea", "Kaka": "Cake"}
    return [
        ProductFactory.create(name_sv=sv, name_en=en, sold_out=en == "Cake")
        for sv, en in names.items()
    ]


def paid() -> Invoice:
    """Return a paid payment."""
    return invoice_in(InvoiceStatus.PAID)


def code_of(shop: Shop, table: int) -> QrCode:
    """Return the code of a table."""
    return save_qr_code(shop, f"Table {table}", f"TABLE={table}", None)


def test_products_are_sold_out_after_a_page_that_names_them_and_those_that_are_already() -> None:
    products = bun_tea_and_cake()
    client = staff(*SELLER)

    page = asked(client, "mark_sold_out", *products)
    before = Product.objects.filter(sold_out=True).count()
    shown = run_action(client, "mark_sold_out", *products, confirmed="yes")

    assert CUSTOMERS_SEE_IT in page
    assert "It is done for 2 rows." in page
    assert "1 row is skipped (already sold out):" in page
    assert before == 1
    assert sorted(shown) == ["Marked as sold out: Bun, Tea.", "Nothing to change: Cake."]
    assert not Product.objects.filter(sold_out=False).exists()


def test_page_and_results_name_products_in_the_language_of_the_person() -> None:
    products = bun_tea_and_cake()
    client = staff(*SELLER)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "sv"

    page = asked(client, "mark_back_in_stock", *products)
    shown = run_action(client, "mark_sold_out", products[0])

    assert "(inte slut)" in page
    assert "Kaka" in page
    assert "Cake" not in page
    assert shown == ["Markerad som slut: Bulle."]


def test_many_products_are_sold_out_by_a_job_and_logged_with_the_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(choose, "MAX_ROWS_IN_REQUEST", 2)
    products = bun_tea_and_cake()
    client = staff(*SELLER)

    asked(client, "mark_sold_out", *products)
    job = BulkJob.objects.get()
    start_job(job.pk)
    run_job(job.pk)

    log = LogEntry.objects.values_list("user", "change_message")
    assert [row.label for row in job.rows.all()] == ["Bun", "Tea", "Cake"]
    assert set(job.rows.values_list("result", flat=True)) == {
        "Marked as sold out",
        "Nothing to change",
    }
    assert list(log) == [(user_of(client).pk, "Marked as sold out")] * 2


@pytest.mark.parametrize(
    ("action", "is_paused", "effect", "reason"),
    [
        ("pause", False, "take no orders until somebody opens them", "already paused"),
        ("open", True, "take orders again at once", "not paused"),
    ],
)
def test_two_shops_are_paused_or_opened_after_a_page(
    action: str, is_paused: bool, effect: str, reason: str
) -> None:
    one, other = ShopFactory.create(paused=is_paused), ShopFactory.create(paused=not is_paused)
    client = superuser()

    page = asked(client, action, one, other)
    run_action(client, action, one, other, confirmed="yes")

    assert effect in page
    assert f"1 row is skipped ({reason}): {other}" in " ".join(page.split())
    assert set(Shop.objects.values_list("paused", flat=True)) == {not is_paused}


def test_codes_of_a_shop_are_regenerated_after_a_page_that_names_them() -> None:
    shop = ShopFactory.create(name="Kafé Lyktan", service_id="OLD")
    codes = [code_of(shop, table) for table in (1, 2)]
    Shop.objects.update(service_id="NEW")
    client = superuser()

    page = asked(client, "regenerate_codes", shop)
    payloads = set(QrCode.objects.values_list("payload", flat=True))
    shown = run_action(client, "regenerate_codes", shop, confirmed="yes")

    assert "It is done for 2 rows." in page
    assert all(str(code) in page for code in codes)
    assert f'name="_selected_action" value="{shop.pk}"' in page
    assert payloads == {code.payload for code in codes}
    assert shown == [f"Code regenerated: {codes[0]}, {codes[1]}."]


def test_page_names_the_codes_that_would_break_the_print_rules_and_why() -> None:
    shop = ShopFactory.create(service_id="OLD")
    codes = [code_of(shop, 1), save_qr_code(shop, "Terrace", "WHERE=TABLE-4", None)]
    Shop.objects.update(service_id="KAFE-LYKTAN-I-UPPSALA")

    page = asked(superuser(), "regenerate", *codes)

    assert "It is done for 1 row." in page
    assert "1 row is skipped (The code would hold 54 characters; 50 are allowed):" in page


def test_shop_without_a_code_has_nothing_to_regenerate() -> None:
    shown = run_action(superuser(), "regenerate_codes", ShopFactory.create())

    assert shown == ["Nothing to do for what is selected."]


def test_single_refund_is_marked_as_possibly_made_after_a_question_only(clerk: User) -> None:
    refund = requested_refund(paid(), "10.00", clerk)
    call_command("hold_refunds")

    page = asked(superuser(), "possibly_made", refund)

    refund.refresh_from_db()
    assert "This cannot be undone." in page
    assert "It is done for 1 row." in page
    assert refund.status in (RefundStatus.REQUESTED, RefundStatus.CREATED)


def waiting_and_sent(clerk: User) -> tuple[Refund, Refund]:
    """Return a refund that waits to be sent, and one that is being sent."""
    waiting, sent = (requested_refund(paid(), "10.00", clerk) for _ in range(2))
    Refund.objects.filter(pk=sent.pk).update(status=RefundStatus.SENDING, sent_at=database_now())
    return waiting, sent


def test_refund_that_is_sent_is_not_withdrawn(clerk: User) -> None:
    refund, sent = waiting_and_sent(clerk)

    page = " ".join(asked(superuser(), "withdraw", refund, sent).split())

    assert "It is done for 1 row." in page
    assert f"1 row is skipped (too late to withdraw): {sent}" in page


def test_refund_that_is_not_on_hold_is_not_marked_as_possibly_made(clerk: User) -> None:
    refund, sent = waiting_and_sent(clerk)

    page = " ".join(asked(superuser(), "possibly_made", refund, sent).split())

    assert "It is done for 0 rows." in page
    assert f"1 row is skipped (not on hold): {refund}" in page
    assert f"1 row is skipped ({RefundStatus.SENDING.label}): {sent}" in page
    assert ">Possibly made</button>" not in page


def test_payments_of_two_cases_are_checked_after_a_page_that_names_the_payments(
    seqr_away: None,
) -> None:
    invoices = [InvoiceFactory.create(issued=True) for _ in range(2)]
    cases = [open_case(CaseKind.CANCEL_STUCK, BY_TEST, "stuck", invoice=each) for each in invoices]
    client = superuser()

    page = asked(client, "check_with_seqr", *filter(None, cases))
    shown = run_action(client, "check_with_seqr", *filter(None, cases), confirmed="yes")

    assert "No money moves." in page
    assert all(str(invoice) in page for invoice in invoices)
    assert all(f'name="_selected_action" value="{case.pk}"' in page for case in cases if case)
    assert [text.startswith("No answer from SEQR") for text in shown] == [True]


def test_two_cases_check_their_pauses_after_a_page_that_skips_the_one_without() -> None:
    pause = pause_for_refused_password()
    other = open_case(
        CaseKind.CANCEL_STUCK, BY_TEST, "stuck", invoice=invoice_in(InvoiceStatus.ISSUED)
    )
    assert other is not None

    page = asked(superuser(), "check_payments", pause.case, other)

    assert "payments work again at once" in page
    assert f"1 row is skipped (pauses no payments): {other}" in " ".join(page.split())
    assert MoneyCase.objects.filter(closed_at=None).count() == 2


def test_reports_of_two_periods_are_fetched_again_after_a_page_that_skips_the_open_one() -> None:
    terminal, now = TerminalFactory.create(), database_now()
    closed = TransactionPeriod.objects.create(
        day=date(2026, 11, 23),
        terminal=terminal,
        status=PeriodStatus.MARKED,
        transaction_period_id="period-1",
        marking_started_at=now,
        marking_ended_at=now,
    )
    open_one = TransactionPeriod.objects.create(day=date(2026, 11, 24), terminal=terminal)

    page = " ".join(asked(superuser(), "fetch_again", closed, open_one).split())

    assert "compared with our books" in page
    assert "It is done for 1 row." in page
    assert f"1 row is skipped (SEQR has no report): {open_one}" in page


def test_two_terminals_are_checked_after_a_page_that_skips_the_retired_one() -> None:
    used = TerminalFactory.create()
    retired = TerminalFactory.create(
        principal_id="till-2", label="Till 2", password="", retired_at=database_now()
    )

    page = asked(superuser(), "check_with_seqr", used, retired)

    assert "whether it accepts the terminals" in page
    assert "1 row is skipped (retired): Till 2" in " ".join(page.split())


def test_single_harmless_action_needs_no_question(seqr_away: None) -> None:
    product, shop = ProductFactory.create(), ShopFactory.create()
    invoice = InvoiceFactory.create(issued=True)
    client = superuser()

    shown = [
        *run_action(client, "mark_sold_out", product),
        *run_action(client, "pause", shop),
        *run_action(client, "regenerate", code_of(shop, 1)),
    ]

    assert [text.partition(":")[0] for text in dict.fromkeys(shown)] == [
        "Marked as sold out",
        "Paused",
        "Code regenerated",
    ]
    assert Invoice.objects.get() == invoice


@pytest.mark.parametrize(
    ("number", "is_named", "is_job"),
    [(20, True, False), (21, False, False), (100, False, False), (101, False, True)],
)
def test_page_names_up_to_20_rows_and_makes_a_job_of_more_than_100(
    number: int, is_named: bool, is_job: bool
) -> None:
    shop = ShopFactory.create()
    products = Product.objects.bulk_create(ProductFactory.build_batch(number, shop=shop))
    body = {"action": "mark_sold_out", "_selected_action": [each.pk for each in products]}

    context: Any = staff(*SELLER).post(list_url(Product), body).context

    assert (context["number"], bool(context["names"])) == (number, is_named)
    assert (context["job"] is not None, len(context["ids"])) == (is_job, 0 if is_job else number)


def test_number_of_skipped_rows_counts_those_without_a_name() -> None:
    assert SkippedRows("paid", ("1001", "1002"), others=3).number == 5
