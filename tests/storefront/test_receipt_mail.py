"""A receipt by e-mail: sent to the address that its customer enters, which is not kept."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from pypdf import PdfReader
from pytest_django import Settings

from orders.models import CustomerSession
from payments.models import Invoice, Receipt
from seqrshop.redis_client import breaker
from seqrshop.storefront import receipt_mail, receipts, tasks
from seqrshop.storefront.receipt_mail import MAIL_SECONDS, MAX_MAILS, MailState, send_mail
from tests.factories import InvoiceFactory
from tests.mail_server import Behaviour, running_mail_server
from tests.redis_reset import redis_for_tests
from tests.storefront.conftest import JsonClient
from tests.storefront.steps import invoice_of

ADDRESS = "kim.larsson@example.com"
pytestmark = pytest.mark.django_db(transaction=True)
Messages = list[tuple[Any, ...]]


@pytest.fixture
def paid(customer_session: CustomerSession) -> Invoice:
    """The customer's paid order over 45.00 SEK."""
    return invoice_of(customer_session, "paid")


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> Messages:
    """The arguments of the Celery messages that would be enqueued."""
    found: Messages = []
    for module in (receipts, tasks):
        monkeypatch.setattr(module, "enqueue", lambda _task, *args, **_: found.append(args))
    return found


def page_of(invoice: Invoice) -> str:
    """Return the address of the payment's receipt."""
    number = Receipt.objects.get(invoice=invoice).number
    return f"/return/{invoice.order.return_key}/receipts/{number}"


def ask(client: JsonClient, invoice: Invoice, address: str = ADDRESS, **options: Any) -> Any:
    """Send the form of a receipt's page."""
    return client.post(f"{page_of(invoice)}/mail", {"address": address}, **options)


def state_after(response: Any) -> MailState:
    """Return the state of the mail to whose page a response leads."""
    mail_id = response["Location"].partition("?mail=")[2].partition("#")[0]
    body = JsonClient().get(f"/receipt-mails/{mail_id}").json()
    return MailState(body["state"])


def work(messages: Messages) -> None:
    """Do what the background worker does with the enqueued messages, which are a few."""
    for _ in range(9):
        if messages:
            tasks.mail_receipt(*messages.pop(0))
    assert messages == []


def test_receipt_is_mailed_as_pdf_in_the_language_of_the_order(
    client: JsonClient, paid: Invoice, messages: Messages
) -> None:
    paid.order.language = "sv"
    paid.order.save()

    response = ask(client, paid)
    before = state_after(response)
    work(messages)

    (sent,) = mail.outbox
    assert response.status_code == 302
    assert (before, state_after(response)) == (MailState.WAITING, MailState.SENT)
    assert sent.to == [ADDRESS]
    assert sent.subject == "Kvitto 1 från Kafé Lyktan"
    assert sent.from_email == "=?utf-8?q?Kaf=C3=A9_Lyktan?= <seqrshop@localhost>"
    ((name, content, kind),) = sent.attachments
    assert (name, kind) == ("kvitto-1.pdf", "application/pdf")
    assert "1 × Kanelbulle" in PdfReader(io.BytesIO(content)).pages[0].extract_text()


def test_blanks_around_a_typed_address_are_left_out(
    client: JsonClient, paid: Invoice, messages: Messages
) -> None:
    ask(client, paid, f" {ADDRESS}\t")
    work(messages)

    assert [sent.to for sent in mail.outbox] == [[ADDRESS]]


def test_address_is_in_no_table_no_log_and_no_message(
    client: JsonClient, paid: Invoice, messages: Messages, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    ask(client, paid)
    enqueued = repr(messages)
    in_redis = stored_in_redis()
    work(messages)

    for text in (enqueued, in_redis, stored_in_redis(), stored_in_database(), caplog.text):
        assert "kim.larsson" not in text.lower()
    assert len(mail.outbox) == 1


def stored_in_redis() -> str:
    """Return all keys and texts of Redis."""
    client = redis_for_tests()
    keys = list(client.scan_iter("*"))
    return repr([(key, client.get(key)) for key in keys if client.type(key) == b"string"])


def stored_in_database() -> str:
    """Return the rows of all tables."""
    with connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT t::text FROM {table} t")  # noqa: S608
            found += cursor.fetchall()
    return repr(found)


def test_encrypted_address_ends_by_itself_and_when_the_worker_takes_it(
    client: JsonClient, paid: Invoice, messages: Messages
) -> None:
    ask(client, paid)
    keys = list(redis_for_tests().scan_iter(f"{receipt_mail.KEY_PREFIX}:address:*"))
    seconds = [redis_for_tests().ttl(key) for key in keys]

    work(messages)

    assert len(keys) == 1
    assert 0 < seconds[0] <= MAIL_SECONDS
    assert redis_for_tests().exists(*keys) == 0


def test_same_address_gets_a_receipt_once_however_often_the_form_is_sent(
    client: JsonClient, paid: Invoice, messages: Messages
) -> None:
    others = ("kim@strasse.example", "kim@straße.example")  # two domains
    first = ask(client, paid)
    ask(client, paid)
    work(messages)
    later = ask(client, paid, ADDRESS.upper())
    work(messages)
    for address in others:
        ask(client, paid, address)
        work(messages)

    assert [sent.to for sent in mail.outbox] == [[ADDRESS], *([each] for each in others)]
    assert (state_after(first), state_after(later)) == (MailState.SENT, MailState.SENT)


def test_message_that_arrives_twice_sends_one_mail(
    client: JsonClient, paid: Invoice, messages: Messages
) -> None:
    ask(client, paid)

    for message in messages * 2:
        send_mail(*message)

    assert len(mail.outbox) == 1


@pytest.mark.parametrize("behaviour", list(Behaviour)[1:])
def test_mail_that_the_server_does_not_accept_is_reported_and_may_be_asked_for_again(
    paid: Invoice,
    messages: Messages,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    behaviour: Behaviour,
) -> None:
    client = JsonClient()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_TIMEOUT = 1
    with running_mail_server(behaviour) as server:
        settings.EMAIL_PORT = server.port
        failed = ask(client, paid)
        work(messages)
        state = state_after(failed)
        page = client.get(failed["Location"]).content.decode()

        server.behaviour = Behaviour.ACCEPT
        again = ask(client, paid)
        work(messages)

    assert state == MailState.FAILED
    assert "could not be mailed" in page
    assert state_after(again) == MailState.SENT
    assert f"To: {ADDRESS}" in server.mails[0]
    assert "kim.larsson" not in caplog.text


def test_mail_server_that_is_away_is_reported(
    client: JsonClient, paid: Invoice, messages: Messages, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = 9

    response = ask(client, paid)
    work(messages)

    assert state_after(response) == MailState.FAILED


def test_mail_that_no_worker_takes_counts_as_failed(
    client: JsonClient, paid: Invoice, messages: Messages
) -> None:
    response = ask(client, paid)
    for key in redis_for_tests().scan_iter(f"{receipt_mail.KEY_PREFIX}:*"):
        redis_for_tests().delete(key)  # as after MAIL_SECONDS
    work(messages)

    assert state_after(response) == MailState.FAILED
    assert mail.outbox == []


def test_hanging_mail_server_holds_few_threads_of_the_worker(
    client: JsonClient, paid: Invoice, messages: Messages
) -> None:
    ask(client, paid)
    (message,) = messages
    for _ in range(tasks.MAILS_AT_ONCE):
        assert tasks._places.acquire(timeout=5)
    try:
        tasks.mail_receipt(*message)
    finally:
        for _ in range(tasks.MAILS_AT_ONCE):
            tasks._places.release()

    assert mail.outbox == []
    assert messages == [message, message]


@pytest.mark.parametrize(
    "address",
    ["", "kim", "kim@", "a@b.se, c@d.se", "a@b.se\nBcc: c@d.se", "å" * 300 + "@b.se", "a b@c.se"],
)
def test_what_is_no_address_is_refused_with_the_form(
    client: JsonClient, paid: Invoice, messages: Messages, address: str
) -> None:
    response = ask(client, paid, address)

    assert response.status_code == 400
    assert "Enter an e-mail address" in response.content.decode()
    assert messages == []


def test_receipt_is_mailed_by_its_own_customer_alone(
    client: JsonClient, customer: JsonClient, paid: Invoice, messages: Messages
) -> None:
    others = InvoiceFactory.create(paid=True, order__shop=paid.shop)
    number = Receipt.objects.get(invoice=others).number
    body = {"address": ADDRESS}

    codes = [
        customer.post(path, body).status_code
        for path in (
            f"/return/{paid.order.return_key}/receipts/{number}/mail",
            f"/return/guessed-key/receipts/{number}/mail",
        )
    ]
    foreign = ask(client, paid, headers={"Origin": "https://evil.example"})

    assert codes == [404, 404]
    assert foreign.status_code == 403
    assert messages == []


def test_many_mails_of_one_receipt_are_refused_with_the_form(
    client: JsonClient, paid: Invoice, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipt_mail, "MAX_MAILS", 2)

    codes = [ask(client, paid, f"n{n}@example.com").status_code for n in range(3)]

    assert MAX_MAILS > 2
    assert codes == [302, 302, 429]
    assert len(messages) == 2


def test_without_redis_mail_is_called_unavailable(
    client: JsonClient, paid: Invoice, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "call", lambda *_, **__: None)

    response = ask(client, paid)

    assert response.status_code == 503
    assert "Mail is not available right now" in response.content.decode()
    assert messages == []


@pytest.mark.parametrize("backend", ["", "django.core.mail.backends.console.EmailBackend"])
def test_mail_is_not_offered_without_a_mail_server(
    client: JsonClient, paid: Invoice, settings: Settings, backend: str
) -> None:
    """The console's backend would write the address into the log."""
    offered = 'name="address"' in client.get(page_of(paid)).content.decode()
    settings.EMAIL_BACKEND = backend

    html = client.get(page_of(paid)).content.decode()

    assert offered
    assert 'name="address"' not in html
    assert ask(client, paid).status_code == 404


def test_unknown_mail_in_the_address_of_the_page_harms_nothing(
    client: JsonClient, paid: Invoice
) -> None:
    for given in ("x", "../../x", "å", "x" * 5000):
        assert client.get(page_of(paid), {"mail": given}).status_code == 200
