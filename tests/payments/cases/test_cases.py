"""Money cases: each cause opens one, told to a person once, and closed with a reason."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from orders.audit import ChangeSource, by_staff
from orders.clock import database_now
from orders.models import AuditEvent, SourceName, SubjectType
from payments.cases.cases import (
    close_case,
    close_configuration_cases,
    open_case,
    open_configuration_case,
)
from payments.cases.outbox import send_mails
from payments.invoices.cancel import AlreadyPaid, cancel_invoice
from payments.invoices.notification import invoice_notified
from payments.invoices.refresh import refresh_invoice
from payments.models import (
    CancelReason,
    CaseKind,
    Invoice,
    InvoiceStatus,
    MoneyCase,
    OutboxMail,
    PollShard,
)
from payments.seqr import SeqrAuthenticationError
from tests.factories import InvoiceFactory
from tests.fault_proxy import FaultProxy
from tests.payments.steps import (
    invoice_in,
    issued_invoice,
    reference,
    reloaded,
)
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
BY_TEST = ChangeSource(SourceName.POLLER)
pytestmark = pytest.mark.django_db(transaction=True)

Story = Callable[[SandboxProcess, FaultProxy], Invoice]


def refresh(invoice: Invoice) -> None:
    refresh_invoice(invoice.pk, BY_TEST)


def paid_though_canceled(sandbox: SandboxProcess, proxy: FaultProxy) -> Invoice:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    with pytest.raises(AlreadyPaid):
        cancel_invoice(invoice.pk, CancelReason.CUSTOMER, ChangeSource(SourceName.CUSTOMER))
    return invoice


def second_payment(sandbox: SandboxProcess, proxy: FaultProxy) -> Invoice:
    paid = invoice_in(S.PAID)
    return InvoiceFactory.create(
        order=paid.order,
        attempt=2,
        status=S.CANCELED,
        invoice_reference="31",
        issued_at=database_now(),
    )


def amount_differs(sandbox: SandboxProcess, proxy: FaultProxy) -> Invoice:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    proxy.rewrite = lambda answer: answer.replace(">45.00<", ">4.50<")
    return invoice


def possibly_reversed(sandbox: SandboxProcess, proxy: FaultProxy) -> Invoice:
    invoice = issued_invoice()
    long_ago = database_now() - timedelta(seconds=60)
    Invoice.objects.filter(pk=invoice.pk).update(issued_at=long_ago)
    PollShard.objects.all().delete()
    sandbox.pay(reference(invoice))
    sandbox.advance(21)
    return invoice


def paid_without_reference(sandbox: SandboxProcess, proxy: FaultProxy) -> Invoice:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    proxy.rewrite = lambda answer: answer.replace("ersReference>", "ignored>")
    return invoice


def unknown_at_seqr(sandbox: SandboxProcess, proxy: FaultProxy) -> Invoice:
    return invoice_in(S.ISSUED)


def unknown_status(sandbox: SandboxProcess, proxy: FaultProxy) -> Invoice:
    invoice = issued_invoice()
    proxy.rewrite = lambda answer: answer.replace(">ISSUED<", ">HALF_PAID<")
    return invoice


@pytest.mark.parametrize(
    ("kind", "story"),
    [
        (CaseKind.PAID_THOUGH_CANCELED, paid_though_canceled),
        (CaseKind.DUPLICATE_PAYMENT, second_payment),
        (CaseKind.AMOUNT_DIFFERS, amount_differs),
        (CaseKind.POSSIBLY_REVERSED, possibly_reversed),
        (CaseKind.PAID_WITHOUT_REFERENCE, paid_without_reference),
        (CaseKind.UNKNOWN_AT_SEQR, unknown_at_seqr),
        (CaseKind.UNKNOWN_STATUS, unknown_status),
    ],
)
def test_each_cause_opens_one_case_however_often_it_is_seen(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, kind: CaseKind, story: Story
) -> None:
    invoice = story(sandbox, seqr_proxy)

    for _ in range(3):
        invoice_notified(invoice.notify_key)
        refresh(invoice)

    case = MoneyCase.objects.get()
    assert (case.kind, case.invoice, case.closed_at) == (kind, invoice, None)
    assert case.order_id == invoice.order_id
    assert (
        AuditEvent.objects.get(subject_type=SubjectType.CASE, subject_id=case.pk).order_id
        == invoice.order_id
    )


def test_settings_may_be_wrong_again_and_are_told_again() -> None:
    error = SeqrAuthenticationError("refundPayment", "SEQR answered 20", 20)

    open_configuration_case(error, BY_TEST)
    close_configuration_cases("refundPayment", BY_TEST)
    open_configuration_case(error, BY_TEST)

    assert MoneyCase.objects.count() == 2


def test_a_puzzle_that_solves_itself_closes_its_case(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = paid_without_reference(sandbox, seqr_proxy)
    refresh(invoice)
    seqr_proxy.rewrite = lambda answer: answer

    refresh(invoice)

    assert reloaded(invoice).status == S.PAID
    assert MoneyCase.objects.get().closing_reason == "SEQR now answers PAID"


def test_eight_who_see_it_at_once_open_one_case() -> None:
    run_concurrently(
        8, lambda: open_case(CaseKind.CONFIGURATION, BY_TEST, "refused", key="code 20")
    )

    assert MoneyCase.objects.count() == 1
    assert AuditEvent.objects.count() == 1


def test_a_case_is_closed_once_with_who_and_why() -> None:
    case = open_case(CaseKind.CONFIGURATION, BY_TEST, "refused", key="code 20")
    assert case is not None
    boss = User.objects.create_user("boss")

    closed = [close_case(case.pk, by_staff(boss), "the password was mistyped")] * 1
    closed.append(close_case(case.pk, by_staff(boss), "once more"))

    case.refresh_from_db()
    assert closed == [True, False]
    assert (case.closed_by, case.closing_reason) == (boss, "the password was mistyped")
    with pytest.raises(ValueError, match="reason"):
        close_case(case.pk, by_staff(boss), "  ")


def test_the_database_refuses_a_case_closed_without_a_reason() -> None:
    open_case(CaseKind.CONFIGURATION, BY_TEST, "refused", key="code 20")

    with pytest.raises(IntegrityError):
        MoneyCase.objects.update(closed_at=database_now())


def test_a_new_case_is_mailed_once_to_each_address(settings: Settings) -> None:
    settings.CASE_EMAILS = ["owner@shop.example", "desk@shop.example"]
    open_case(CaseKind.CONFIGURATION, BY_TEST, "SEQR answered 20", key="code 20")

    sent = sum(run_concurrently(4, send_mails))
    send_mails()

    assert sent == 2
    assert sorted(message.to[0] for message in mail.outbox) == sorted(settings.CASE_EMAILS)
    assert "SEQR answered 20" in mail.outbox[0].body
    assert "/admin/payments/moneycase/" in mail.outbox[0].body


def test_a_mail_that_was_not_sent_is_tried_again_after_its_lease(
    settings: Settings,
) -> None:
    settings.CASE_EMAILS = ["owner@shop.example"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = 9
    open_case(CaseKind.CONFIGURATION, BY_TEST, "SEQR answered 20", key="code 20")
    failed = send_mails()
    at_once_again = send_mails()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    OutboxMail.objects.update(lease_until=database_now() - timedelta(seconds=1))

    later = send_mails()

    assert (failed, at_once_again, later) == (0, 0, 1)


def test_the_staff_close_a_case_in_the_admin_with_a_reason() -> None:
    case = open_case(CaseKind.CONFIGURATION, BY_TEST, "<script>refused", key="code 20")
    assert case is not None
    page = reverse("admin:payments_moneycase_change", args=[case.pk])
    client = Client()
    client.force_login(_staff("view_moneycase", "close_moneycase"))
    shown = client.get(page).content.decode()

    without = client.post(page, {"closing_reason": " "})
    client.post(page, {"closing_reason": "the password was mistyped"})

    case.refresh_from_db()
    assert "&lt;script&gt;refused" in shown
    assert "Correct the setting SEQR_TERMINAL_ID" in shown
    assert "This field is required" in without.content.decode()
    assert case.closing_reason == "the password was mistyped"


def test_who_may_only_look_closes_nothing() -> None:
    case = open_case(CaseKind.CONFIGURATION, BY_TEST, "refused", key="code 20")
    assert case is not None
    client = Client()
    client.force_login(_staff("view_moneycase"))

    response = client.post(
        reverse("admin:payments_moneycase_change", args=[case.pk]), {"closing_reason": "no"}
    )

    case.refresh_from_db()
    assert (response.status_code, case.closed_at) == (403, None)


def _staff(*permissions: str) -> User:
    user = User.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user
