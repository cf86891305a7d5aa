"""Money cases: each cause opens one, mailed once and closed with a reason."""

from collections.abc import Callable
from datetime import timedelta
from smtplib import SMTPRecipientsRefused

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from orders.audit import by_staff
from orders.clock import database_now
from orders.models import AuditEvent, StaffAccess, SubjectType
from payments.cases.cases import (
    close_case,
    close_configuration_cases,
    open_case,
    open_configuration_case,
)
from payments.cases.guidance import GUIDANCE
from payments.cases.outbox import send_mails
from payments.invoices.cancel import AlreadyPaid, cancel_invoice
from payments.invoices.notification import invoice_notified
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
from tests.factories import InvoiceFactory, TerminalFactory
from tests.fault_proxy import FaultProxy
from tests.payments.steps import (
    BY_CUSTOMER,
    BY_POLLER,
    invoice_in,
    issued_invoice,
    own_terminal,
    reference,
    refresh,
    reloaded,
)
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)

Cause = Callable[[SandboxProcess, FaultProxy], Invoice]


def configuration_case(summary: str = "refused") -> MoneyCase:
    """Open a case about refused settings."""
    case = open_case(CaseKind.CONFIGURATION, BY_POLLER, summary, key="code 20")
    assert case is not None
    return case


def paid_though_canceled(sandbox: SandboxProcess, proxy: FaultProxy) -> Invoice:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    with pytest.raises(AlreadyPaid):
        cancel_invoice(invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)
    return invoice


def duplicate_payment(sandbox: SandboxProcess, proxy: FaultProxy) -> Invoice:
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
    ("kind", "cause", "summary"),
    [
        (
            CaseKind.PAID_THOUGH_CANCELED,
            paid_though_canceled,
            "The payment was made before the invoice could be cancelled",
        ),
        (
            CaseKind.DUPLICATE_PAYMENT,
            duplicate_payment,
            "SEQR notified a payment, but another invoice has paid the order; it is not queried",
        ),
        (CaseKind.AMOUNT_DIFFERS, amount_differs, "SEQR's receipt says 4.50 SEK"),
        (CaseKind.POSSIBLY_REVERSED, possibly_reversed, "SEQR answered CANCELED"),
        (
            CaseKind.PAID_WITHOUT_REFERENCE,
            paid_without_reference,
            "PAID without an ersReference",
        ),
        (CaseKind.UNKNOWN_AT_SEQR, unknown_at_seqr, "SEQR does not know this invoice (54)"),
        (
            CaseKind.UNKNOWN_STATUS,
            unknown_status,
            "getPaymentStatus: the status 'HALF_PAID' is unknown.",
        ),
    ],
)
def test_each_cause_opens_one_case_however_often_it_recurs(
    sandbox: SandboxProcess,
    seqr_proxy: FaultProxy,
    kind: CaseKind,
    cause: Cause,
    summary: str,
) -> None:
    invoice = cause(sandbox, seqr_proxy)

    for _ in range(3):
        invoice_notified(invoice.notify_key)
        refresh(invoice)

    case = MoneyCase.objects.get()
    assert (case.kind, case.invoice, case.closed_at) == (kind, invoice, None)
    assert (case.order_id, case.summary) == (invoice.order_id, summary)
    event = AuditEvent.objects.get(subject_type=SubjectType.CASE, subject_id=case.pk)
    assert event.order_id == invoice.order_id


def test_settings_refused_again_open_another_case() -> None:
    error = SeqrAuthenticationError("refundPayment", "SEQR answered 20", 20)
    terminal = own_terminal().pk

    open_configuration_case(terminal, error, BY_POLLER)
    close_configuration_cases(terminal, "refundPayment", BY_POLLER)
    open_configuration_case(terminal, error, BY_POLLER)

    assert MoneyCase.objects.count() == 2


def test_refusals_of_two_terminals_open_a_case_each_and_are_closed_one_by_one() -> None:
    error = SeqrAuthenticationError("refundPayment", "SEQR answered 20", 20)
    first, second = own_terminal(), TerminalFactory.create(principal_id="till-2")

    for _ in range(2):
        for terminal in (first, second):
            open_configuration_case(terminal.pk, error, BY_POLLER)
    close_configuration_cases(first.pk, "refundPayment", BY_POLLER)

    assert MoneyCase.objects.count() == 2
    assert MoneyCase.objects.get(closed_at=None).terminal == second


def test_case_about_status_is_closed_by_a_clear_answer(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = paid_without_reference(sandbox, seqr_proxy)
    refresh(invoice)
    seqr_proxy.clear_faults()

    refresh(invoice)

    assert reloaded(invoice).status == S.PAID
    assert MoneyCase.objects.get().closing_reason == "SEQR now answers PAID"


def test_eight_concurrent_processes_open_one_case() -> None:
    run_concurrently(
        8, lambda: open_case(CaseKind.CONFIGURATION, BY_POLLER, "refused", key="code 20")
    )

    assert MoneyCase.objects.count() == 1
    assert AuditEvent.objects.count() == 1


def test_case_is_closed_once_with_person_and_reason() -> None:
    case = configuration_case()
    boss = User.objects.create_user("boss")

    closed = [
        close_case(case.pk, by_staff(boss), "the password was mistyped"),
        close_case(case.pk, by_staff(boss), "another reason"),
    ]

    case.refresh_from_db()
    assert closed == [True, False]
    assert (case.closed_by, case.closing_reason) == (boss, "the password was mistyped")
    events = AuditEvent.objects.filter(subject_type=SubjectType.CASE, subject_id=case.pk)
    assert list(events.order_by("id").values_list("name", "detail", "from_state", "to_state")) == [
        ("configuration_case", case.summary, "", "open"),
        ("case_closed", "the password was mistyped", "open", ""),
    ]
    with pytest.raises(ValueError, match="reason"):
        close_case(case.pk, by_staff(boss), "  ")


def test_summary_and_reason_are_cut_after_300_characters() -> None:
    case = configuration_case("x" * 301)

    close_case(case.pk, BY_POLLER, " " + "y" * 301)

    case.refresh_from_db()
    assert (case.summary, case.closing_reason) == ("x" * 300, "y" * 300)


def test_database_refuses_case_closed_without_reason() -> None:
    configuration_case()

    with pytest.raises(IntegrityError):
        MoneyCase.objects.update(closed_at=database_now())


def test_new_case_is_mailed_once_to_each_address(settings: Settings) -> None:
    settings.CASE_EMAILS = ["owner@shop.example", "till@shop.example"]
    configuration_case("SEQR answered 20")

    sent = sum(run_concurrently(4, send_mails))
    send_mails()

    assert sent == 2
    assert sorted(message.to[0] for message in mail.outbox) == sorted(settings.CASE_EMAILS)
    case = MoneyCase.objects.get()
    waiting = OutboxMail.objects.get(recipient=mail.outbox[0].to[0])
    assert mail.outbox[0].subject == f"Case {case.pk}: {case.get_kind_display()}"
    assert mail.outbox[0].body == (
        f"SEQR answered 20.\n\n{GUIDANCE[CaseKind.CONFIGURATION]}\n\n"
        f"{settings.PUBLIC_BASE_URL}/admin/payments/moneycase/{case.pk}/change/\n"
    )
    assert mail.outbox[0].extra_headers == {
        "Message-ID": f"<case-{case.pk}-mail-{waiting.pk}@seqrshop>"
    }


def test_mail_about_an_order_names_it_and_ends_its_first_sentence_once(settings: Settings) -> None:
    settings.CASE_EMAILS = ["owner@shop.example"]
    invoice = invoice_in(S.PAID)
    case = open_case(CaseKind.AMOUNT_UNKNOWN, BY_POLLER, "SEQR answered 90.", invoice=invoice)

    send_mails()

    assert case is not None
    assert mail.outbox[0].subject == (
        f"Case {case.pk} of order {invoice.order.number}: {case.get_kind_display()}"
    )
    assert str(mail.outbox[0].body).startswith("SEQR answered 90.\n\n")


def test_failed_mail_is_sent_again_after_its_lease(settings: Settings) -> None:
    settings.CASE_EMAILS = ["owner@shop.example"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = 9
    configuration_case("SEQR answered 20")
    failed = send_mails()
    during_lease = send_mails()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    OutboxMail.objects.update(lease_until=database_now() - timedelta(seconds=1))

    later = send_mails()

    assert (failed, during_lease, later) == (0, 0, 1)


def test_failed_mail_does_not_keep_the_next_one_from_being_sent(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CASE_EMAILS = ["gone@shop.example", "till@shop.example", "owner@shop.example"]
    configuration_case("SEQR answered 20")
    send = mail.EmailMessage.send

    def refuse_first(message: mail.EmailMessage, *arguments: bool) -> int:
        if message.to == ["gone@shop.example"]:
            raise SMTPRecipientsRefused({})
        return send(message, *arguments)

    monkeypatch.setattr(mail.EmailMessage, "send", refuse_first)

    assert send_mails() == 2
    assert [message.to for message in mail.outbox] == [[each] for each in settings.CASE_EMAILS[1:]]


def test_staff_close_case_in_admin_with_reason() -> None:
    case = configuration_case("<script>refused")
    page = reverse("admin:payments_moneycase_change", args=[case.pk])
    client = Client()
    client.force_login(_staff("view_moneycase", "close_moneycase"))
    shown = client.get(page).content.decode()

    without_reason = client.post(page, {"closing_reason": " "})
    client.post(page, {"closing_reason": "the password was mistyped"})

    case.refresh_from_db()
    assert "&lt;script&gt;refused" in shown
    assert "Enter the right password on the terminal" in shown
    assert "This field is required" in without_reason.content.decode()
    assert case.closing_reason == "the password was mistyped"


def test_case_cannot_be_closed_with_view_permission_only() -> None:
    case = configuration_case()
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
    StaffAccess.objects.create(user=user, all_shops=True)
    return user
