"""Payment cases in the admin: their page offers the actions that resolve them."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils.html import escape

from orders.audit import ChangeSource, by_staff
from orders.models import SourceName
from payments import tasks
from payments.cases.cases import close_case, open_case, open_refund_case, open_stuck_refund_case
from payments.models import CaseKind, Invoice, InvoiceStatus, MoneyCase, RefundStatus
from payments.refund_transitions import transition_refund
from payments.refunds.locks import lock_refund
from payments.refunds.refund import request_refund
from payments.seqr.bounded_text import MAX_REFERENCE_LENGTH, shortened
from tests.payments.steps import invoice_in, issued_invoice, reference, reloaded
from tests.sandbox_process import SandboxProcess
from tests.staff import list_url, page_url, run_action, staff, superuser, user_of

S = InvoiceStatus
BY_TEST = ChangeSource(SourceName.STAFF)
pytestmark = pytest.mark.django_db(transaction=True)


def case_of(invoice: Invoice, kind: CaseKind = CaseKind.UNKNOWN_STATUS) -> MoneyCase:
    case = open_case(kind, BY_TEST, "something is wrong", invoice=invoice)
    assert case is not None
    return case


def unknown_refund_case() -> MoneyCase:
    invoice = invoice_in(S.PAID)
    clerk = User.objects.create_user("clerk")
    refund, _ = request_refund(invoice.pk, Decimal(10), "cold", by_staff(clerk), "a form")
    with transaction.atomic():
        for to in (RefundStatus.SENDING, RefundStatus.UNKNOWN):
            transition_refund(lock_refund(refund.pk), to, BY_TEST)
        open_refund_case(lock_refund(refund.pk), BY_TEST, "no answer came")
    return MoneyCase.objects.get()


def actions_of(case: MoneyCase) -> list[str]:
    response = superuser().get(page_url(case))
    return [name for name, _ in response.context["row_actions"]]


def test_case_offers_the_actions_that_help() -> None:
    waiting = case_of(invoice_in(S.ISSUED))
    paid = case_of(invoice_in(S.PAID), CaseKind.PAID_THOUGH_CANCELED)

    assert actions_of(waiting) == ["check_with_seqr"]
    assert actions_of(paid) == ["check_with_seqr", "refund"]


def test_case_offers_no_refund_that_seqr_would_refuse() -> None:
    reference = shortened("7" * 200, MAX_REFERENCE_LENGTH)
    paid = case_of(invoice_in(S.PAID, ers_reference=reference), CaseKind.REFERENCE_TOO_LONG)

    assert actions_of(paid) == ["check_with_seqr"]


def test_unknown_refund_is_resolved_from_its_case() -> None:
    case = unknown_refund_case()

    actions = actions_of(case)
    response = superuser().post(
        list_url(MoneyCase), {"action": "resolve_unknown_refund", "_selected_action": [case.pk]}
    )

    assert actions == ["resolve_unknown_refund"]
    assert response["Location"] == reverse("admin:payments_refund_resolve", args=[case.refund_id])


def test_case_of_a_stuck_refund_offers_no_second_refund() -> None:
    clerk = User.objects.create_user("clerk")
    refund, _ = request_refund(
        invoice_in(S.PAID).pk, Decimal(10), "cold", by_staff(clerk), "a form"
    )
    with transaction.atomic():
        open_stuck_refund_case(lock_refund(refund.pk), BY_TEST, "SEQR is busy")

    actions = actions_of(MoneyCase.objects.get())

    assert actions == []


def test_closed_case_offers_no_action() -> None:
    case = case_of(invoice_in(S.ISSUED))
    close_case(case.pk, BY_TEST, "it was nothing")

    assert actions_of(case) == []


def test_duplicate_payment_is_never_checked_since_that_would_accept_it() -> None:
    paid = invoice_in(S.PAID)
    second = invoice_in(S.CANCELED)
    Invoice.objects.filter(pk=second.pk).update(order=paid.order, attempt=2)

    assert actions_of(case_of(reloaded(second), CaseKind.DUPLICATE_PAYMENT)) == []


def test_payment_is_checked_from_its_case(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    case = case_of(invoice)
    sandbox.pay(reference(invoice))

    messages = run_action(
        staff("payments.view_moneycase", "payments.check_invoice"), "check_with_seqr", case
    )

    assert messages == [f"Now: paid: {invoice}."]
    assert reloaded(invoice).status == S.PAID


def test_payment_is_refunded_from_its_case() -> None:
    case = case_of(invoice_in(S.PAID), CaseKind.PAID_THOUGH_CANCELED)

    page = superuser().post(
        list_url(MoneyCase), {"action": "refund", "_selected_action": [case.pk]}
    )

    assert "At most 45.00" in page.content.decode()


def test_two_cases_cannot_be_refunded_at_once() -> None:
    cases = [case_of(invoice_in(S.PAID), CaseKind.PAID_THOUGH_CANCELED) for _ in range(2)]

    messages = run_action(superuser(), "refund", *cases)

    assert messages == ["Select one row at a time."]


def test_refund_from_a_case_needs_the_refund_permission() -> None:
    case = case_of(invoice_in(S.PAID), CaseKind.PAID_THOUGH_CANCELED)
    client = staff("payments.view_moneycase")

    page = client.get(page_url(case))
    response = client.post(list_url(MoneyCase), {"action": "refund", "_selected_action": [case.pk]})

    assert page.context["row_actions"] == []
    assert "At most" not in response.content.decode()


def test_closing_a_case_has_the_cancel_of_its_payment_finished(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    enqueued: list[tuple[object, ...]] = []
    monkeypatch.setattr("payments.tasks.enqueue", lambda *args: enqueued.append(args))
    case = case_of(invoice_in(S.ISSUED))

    superuser().post(page_url(case), {"closing_reason": "SEQR was called"})

    assert MoneyCase.objects.get().closing_reason == "SEQR was called"
    assert enqueued == [(tasks.finish_cancel, case.invoice_id)]


def test_page_of_a_case_leaves_out_what_the_case_does_not_have() -> None:
    case = case_of(invoice_in(S.ISSUED))
    client = superuser()

    shown = [_fields_shown(client.get(page_url(case)))]
    close_case(case.pk, by_staff(user_of(client)), "it was nothing")
    shown.append(_fields_shown(client.get(page_url(case))))

    assert shown == [
        ["order_link", "invoice_link", "opened_at", "closing_reason"],
        ["order_link", "invoice_link", "opened_at", "closed_at", "closed_by", "closing_reason"],
    ]


def _fields_shown(response: Any) -> list[str]:
    return list(flatten_fieldsets(response.context["adminform"].fieldsets))


@pytest.mark.parametrize("language", ["en", "sv"])
def test_case_of_every_kind_says_what_happened_and_what_closing_does(language: str) -> None:
    invoice = invoice_in(S.PAID)
    cases = [case_of(invoice, kind) for kind in CaseKind]
    client = superuser()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language

    listed = client.get(list_url(MoneyCase)).content.decode()
    responses = [client.get(page_url(case)) for case in cases]

    assert "something is wrong" not in listed
    for response in responses:
        happened, effect = response.context["what_happened"], response.context["closing_effect"]
        assert happened.endswith(".")
        assert "%(" not in happened
        assert escape(happened) in listed
        assert escape(str(effect)) in response.content.decode()


def test_case_shows_both_amounts_and_refunds_the_difference() -> None:
    invoice = invoice_in(S.PAID, paid_amount=Decimal("52.00"), paid_currency="SEK")
    case = case_of(invoice, CaseKind.AMOUNT_DIFFERS)
    client = superuser()

    response = client.get(page_url(case))
    refund_form = client.get(response.context["help"].url).content.decode()

    page = response.content.decode()
    for text in ("In our books", "45.00", "According to SEQR", "52.00"):
        assert text in page
    assert "Refund the difference, 7.00\N{NO-BREAK SPACE}SEK" in page
    assert 'value="7.00"' in refund_form


def test_underpaid_case_offers_no_refund_of_a_difference() -> None:
    invoice = invoice_in(S.PAID, paid_amount=Decimal("40.00"), paid_currency="SEK")

    page = superuser().get(page_url(case_of(invoice, CaseKind.AMOUNT_DIFFERS)))

    assert page.context["help"].url == ""
    assert "Closing the case lets the order go on as paid." in page.content.decode()


@pytest.mark.parametrize(
    ("status", "kind", "helps"),
    [
        (S.ISSUED, CaseKind.UNKNOWN_STATUS, "check_with_seqr"),
        (S.PAID, CaseKind.PAID_THOUGH_CANCELED, "refund"),
        (S.DUPLICATE, CaseKind.DUPLICATE_PAYMENT, "refund"),
        (S.PAID, CaseKind.AMOUNT_UNKNOWN, ""),
    ],
)
def test_case_has_one_action_that_helps_with_its_effect(
    status: InvoiceStatus, kind: CaseKind, helps: str
) -> None:
    help_shown = superuser().get(page_url(case_of(invoice_in(status), kind))).context["help"]

    assert help_shown.action == helps
    assert bool(help_shown.effect) == bool(helps)


def test_action_that_the_person_may_not_take_is_not_offered_as_help() -> None:
    case = case_of(invoice_in(S.PAID), CaseKind.PAID_THOUGH_CANCELED)

    page = staff("payments.view_moneycase", "payments.check_invoice").get(page_url(case))

    assert page.context["help"].action == "check_with_seqr"
