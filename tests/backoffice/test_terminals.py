"""Terminals in the admin: checked with SEQR before they are saved, and afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import messages
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import AuditEvent, EventName, Seller, SourceName, SubjectType, Terminal
from payments.availability.pause import open_pause_case
from payments.models import PaymentPause
from payments.seqr import SeqrAuthenticationError
from payments.terminals import OPERATOR
from seqrshop.backoffice.terminal_actions import check_terminal_with_seqr
from tests.backoffice.tills import SECRET, events_of, stored_till
from tests.factories import InvoiceFactory, SellerFactory, ShopFactory, TerminalFactory
from tests.fault_proxy import FaultProxy
from tests.races import run_concurrently, with_own_connection
from tests.sandbox_process import SandboxProcess
from tests.staff import (
    list_url,
    page_url,
    run_action,
    shown_messages,
    staff,
    superuser,
    user_of,
)

pytestmark = pytest.mark.django_db

ADD = "/admin/orders/terminal/add/"


@pytest.fixture
def seller() -> Seller:
    """The seller whose reseller account the sandbox knows."""
    return SellerFactory.create()


@pytest.fixture
def at_seqr(sandbox: SandboxProcess) -> SandboxProcess:
    """A sandbox that knows another terminal of the seller."""
    sandbox.add_terminal("till-2", SECRET)
    return sandbox


@pytest.fixture
def till(at_seqr: SandboxProcess, seller: Seller) -> Terminal:
    """That terminal, stored."""
    return stored_till(seller)


def form(seller: Seller, **fields: Any) -> dict[str, Any]:
    """Return the form of a new terminal."""
    typed = {"seller": seller.pk, "principal_id": "till-2", "label": "Till 2", "password": SECRET}
    return typed | fields


def errors(response: Any) -> dict[str, list[str]]:
    """Return the form's errors by field."""
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return found


def test_terminal_that_seqr_accepts_is_added(at_seqr: SandboxProcess, seller: Seller) -> None:
    client = superuser()

    response = client.post(ADD, form(seller))

    terminal = Terminal.objects.get()
    assert response.status_code == 302
    assert (terminal.principal_id, terminal.label, terminal.password) == (
        "till-2",
        "Till 2",
        SECRET,
    )
    assert events_of(terminal) == [(EventName.TERMINAL_ADDED, user_of(client))]
    (call,) = AuditEvent.objects.filter(subject_type=SubjectType.CALL)
    assert (call.name, call.result_code, call.actor) == ("getPaymentStatus", 54, user_of(client))


@pytest.mark.parametrize(
    ("typed", "field", "error"),
    [
        (
            {"password": "wrong"},
            "password",
            "SEQR does not accept the password (code 20).",
        ),
        (
            {"principal_id": "no-such-till"},
            "principal_id",
            "SEQR does not know this ID (code 37).",
        ),
    ],
)
def test_refusal_of_seqr_is_shown_beside_its_field_and_nothing_is_saved(
    at_seqr: SandboxProcess, seller: Seller, typed: dict[str, str], field: str, error: str
) -> None:
    response = superuser().post(ADD, form(seller, **typed))

    assert errors(response) == {field: [error]}
    assert not Terminal.objects.exists()
    assert "wrong" not in response.content.decode()


def test_terminal_that_seqr_has_retired_is_refused(at_seqr: SandboxProcess, seller: Seller) -> None:
    at_seqr.retire_terminal("till-2")

    response = superuser().post(ADD, form(seller))

    assert errors(response) == {
        "principal_id": ["SEQR has blocked or retired this account (code 33)."]
    }
    assert not Terminal.objects.exists()


def test_nothing_is_saved_while_seqr_does_not_answer(seqr_away: None, seller: Seller) -> None:
    response = superuser().post(ADD, form(seller))

    assert errors(response) == {
        "password": [
            "SEQR does not answer. Nothing was saved: enter the password again in a while."
        ]
    }
    assert 'value="till-2"' in response.content.decode()
    assert not Terminal.objects.exists()


def test_incomplete_form_is_not_sent_to_seqr(at_seqr: SandboxProcess, seller: Seller) -> None:
    response = superuser().post(ADD, form(seller, label=""))

    assert list(errors(response)) == ["label"]
    assert at_seqr.calls() == []


def test_terminal_is_added_once(till: Terminal, at_seqr: SandboxProcess) -> None:
    response = superuser().post(ADD, form(till.seller))

    assert errors(response) == {"principal_id": ["This terminal has been added already."]}
    assert at_seqr.calls() == []


def test_person_without_the_permission_cannot_make_the_shop_call_seqr(
    at_seqr: SandboxProcess, seller: Seller, till: Terminal
) -> None:
    client = staff("orders.view_terminal")

    responses = [
        client.post(ADD, form(seller, principal_id="till-3")),
        client.post(page_url(till), {"label": "x", "password": "guess"}),
    ]

    assert [response.status_code for response in responses] == [403, 403]
    assert at_seqr.calls() == []


def test_new_password_is_checked_stored_and_recorded(
    till: Terminal, at_seqr: SandboxProcess
) -> None:
    at_seqr.change_terminal_password("till-2", "changed")
    client = superuser()

    refused = client.post(page_url(till), {"label": "Till 2", "password": "mistyped"})
    accepted = client.post(page_url(till), {"label": "Kassa 2", "password": "changed"})

    till.refresh_from_db()
    assert errors(refused) == {"password": ["SEQR does not accept the password (code 20)."]}
    assert accepted.status_code == 302
    assert (till.label, till.password) == ("Kassa 2", "changed")
    assert events_of(till) == [(EventName.TERMINAL_PASSWORD_CHANGED, user_of(client))]
    assert LogEntry.objects.get().get_change_message() == "Changed Label and Password."


def test_label_is_changed_without_a_call_to_seqr(till: Terminal, at_seqr: SandboxProcess) -> None:
    superuser().post(page_url(till), {"label": "Kassa 2", "password": ""})

    till.refresh_from_db()
    assert (till.label, till.password) == ("Kassa 2", SECRET)
    assert at_seqr.calls() == []
    assert events_of(till) == []


def test_id_and_seller_stay_once_the_terminal_is_saved(till: Terminal) -> None:
    other = SellerFactory.create(reseller_id="another")

    superuser().post(
        page_url(till),
        {"label": "x", "password": "", "principal_id": "till-9", "seller": other.pk},
    )

    till.refresh_from_db()
    assert (till.label, till.principal_id) == ("x", "till-2")
    assert till.seller != other


def test_corrected_password_makes_the_paused_payments_be_probed_at_once(till: Terminal) -> None:
    error = SeqrAuthenticationError("sendInvoice", "SEQR answered 20 AUTHENTICATION_FAILED", 20)
    case = open_pause_case(till.pk, error, source=OPERATOR)
    assert case is not None
    later = database_now().replace(year=2099)
    pause = PaymentPause.objects.create(
        terminal=till, case=case, reason=str(error), next_probe_at=later
    )

    before = superuser().get(list_url(Terminal)).content.decode()

    superuser().post(page_url(till), {"label": "Till 2", "password": SECRET})

    pause.refresh_from_db()
    assert "Payments are paused: SEQR refuses the terminal" in before
    assert pause.next_probe_at <= database_now()


def test_terminal_of_the_settings_has_no_password_field(
    sandbox: SandboxProcess, seller: Seller
) -> None:
    terminal = TerminalFactory.create(seller=seller)
    client = superuser()

    page = client.get(page_url(terminal)).content.decode()
    client.post(page_url(terminal), {"label": "Kassa", "password": "typed"})
    refused = client.post(f"/admin/orders/terminal/{terminal.pk}/retire/", {"confirmed": "yes"})

    terminal.refresh_from_db()
    assert "Set by SEQR_TERMINAL_PASSWORD in the settings." in page
    assert "checked with SEQR when you save" not in page
    assert (terminal.label, terminal.password) == ("Kassa", "12345678")
    assert shown_messages(refused)[-1] == (
        "Not retired. Work is left for the terminal: the settings name it."
    )


def test_page_shows_shops_work_left_and_history(till: Terminal) -> None:
    shop = ShopFactory.create(name="Kafé Lyktan", terminal=till)
    InvoiceFactory.create(issued=True, order__shop=shop)
    InvoiceFactory.create_batch(2, paid=True, order__shop=shop)
    client = superuser()
    client.post(page_url(till), {"label": "Till 2", "password": SECRET})

    page = client.get(page_url(till))

    shown = page.content.decode()
    assert f'<a href="{page_url(shop)}">Kafé Lyktan</a>' in shown
    for line in (
        "1 shop uses it",
        "1 open payment",
        "2 payments that may still be refunded",
    ):
        assert f"<div>{line}</div>" in shown
    assert [line.name for line in page.context["history"]] == ["terminal's password changed"]
    assert SECRET not in shown
    assert till.password_ciphertext not in shown


def test_each_chosen_terminal_is_checked_with_seqr(till: Terminal, seller: Seller) -> None:
    wrong = TerminalFactory.create(
        seller=seller, principal_id="till-3", label="Till 3", password="unknown"
    )
    retired = TerminalFactory.create(
        seller=seller,
        principal_id="till-4",
        label="Till 4",
        password="",
        retired_at=database_now(),
    )

    shown = run_action(superuser(), "check_with_seqr", till, wrong, retired, confirmed="yes")

    assert sorted(shown) == [
        "Retired, not called any more: Till 4.",
        "SEQR accepts the ID and the password: Till 2.",
        "SEQR does not know this ID (code 37): Till 3.",
    ]


def test_level_of_a_check_is_that_of_its_answer(till: Terminal, at_seqr: SandboxProcess) -> None:
    def level() -> int:
        return check_terminal_with_seqr(till, ChangeSource(SourceName.STAFF))[0]

    assert level() == messages.SUCCESS
    at_seqr.fault("*", "drop")
    assert level() == messages.WARNING
    at_seqr.clear_faults()
    till.password = "wrong"
    till.save()
    assert level() == messages.ERROR


def test_terminal_is_never_deleted(till: Terminal) -> None:
    client = superuser()

    response = client.post(f"/admin/orders/terminal/{till.pk}/delete/", {"post": "yes"})

    assert response.status_code == 403
    assert Terminal.objects.filter(pk=till.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_seqr_is_not_called_within_a_transaction(
    seqr_proxy: FaultProxy, sandbox: SandboxProcess
) -> None:
    sandbox.add_terminal("till-2", SECRET)
    seller = SellerFactory.create()
    client: Client = superuser()
    open_transactions: list[int] = []
    seqr_proxy.before_forward = lambda: open_transactions.append(
        with_own_connection(_transactions_open)
    )

    client.post(ADD, form(seller))

    assert open_transactions == [0]
    assert Terminal.objects.exists()


def _transactions_open() -> int:
    """Return the number of transactions that wait for their client."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND state = 'idle in transaction'"
        )
        (number,) = cursor.fetchone()
    return int(number)


@pytest.mark.django_db(transaction=True)
def test_second_click_on_save_gets_an_error_of_the_form(
    sandbox: SandboxProcess,
) -> None:
    sandbox.add_terminal("till-2", SECRET)
    seller, client = SellerFactory.create(), superuser()
    cookies = client.cookies

    def save() -> int:
        clicked = Client()
        clicked.cookies = cookies
        return clicked.post(ADD, form(seller)).status_code

    statuses = run_concurrently(2, save)

    assert sorted(statuses) == [200, 302]
    assert Terminal.objects.count() == 1
