"""A shop gets another terminal, which SEQR accepts; open payments stay with the former one."""

from __future__ import annotations

from typing import Any

import pytest

from orders.audit import by_staff
from orders.clock import database_now
from orders.models import AuditEvent, EventName, Shop, SubjectType, Terminal
from payments.terminals import TerminalIsRetired, add_shop, put_in_use
from tests.factories import InvoiceFactory, SellerFactory, ShopFactory, TerminalFactory
from tests.sandbox_process import SandboxProcess
from tests.staff import admin_url, page_url, shown_messages, staff, superuser, user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    """A shop at the first terminal."""
    return ShopFactory.create(name="Kafé Lyktan")


@pytest.fixture
def till(sandbox: SandboxProcess) -> Terminal:
    """Another terminal of its seller, which SEQR accepts."""
    sandbox.add_terminal("till-2", "secret-2")
    return TerminalFactory.create(principal_id="till-2", label="Till 2", password="secret-2")


def address(shop: Shop) -> str:
    """Return the address of the page."""
    return admin_url(Shop, "terminal", shop.pk)


def errors(response: Any) -> dict[str, list[str]]:
    """Return the form's errors by field."""
    found: dict[str, list[str]] = response.context["form"].errors
    return found


def test_page_says_what_becomes_of_open_payments(shop: Shop, till: Terminal) -> None:
    InvoiceFactory.create_batch(2, issued=True, order__shop=shop)
    InvoiceFactory.create(paid=True, order__shop=shop)
    InvoiceFactory.create(issued=True)

    page = superuser().get(address(shop))

    assert page.context["explanation"] == (
        "New orders are paid at the terminal that you choose. "
        "2 open payments stay with Till 1, which is called until they have ended and can no longer "
        "be refunded. "
        "Payments that are not at SEQR yet are sent by the new terminal."
    )


def test_page_says_what_becomes_of_one_open_payment(shop: Shop, till: Terminal) -> None:
    InvoiceFactory.create(issued=True, order__shop=shop)

    page = superuser().get(address(shop))

    assert (
        " 1 open payment stays with Till 1, which is called until it has ended and can no longer "
        "be refunded. "
    ) in page.context["explanation"]


def test_page_without_open_payments_says_where_new_orders_are_paid(
    shop: Shop, till: Terminal
) -> None:
    page = superuser().get(address(shop))

    assert page.context["explanation"] == (
        "New orders are paid at the terminal that you choose. "
        "Payments that are not at SEQR yet are sent by the new terminal."
    )


def test_terminal_is_put_in_use_and_recorded(shop: Shop, till: Terminal) -> None:
    invoice = InvoiceFactory.create(issued=True, order__shop=shop)
    former, client = shop.terminal, superuser()

    response = client.post(address(shop), {"terminal": till.pk})

    shop.refresh_from_db()
    invoice.refresh_from_db()
    assert (shop.terminal, invoice.terminal) == (till, former)
    assert response.headers["Location"] == page_url(shop)
    assert shown_messages(response) == ["New orders are now paid at the terminal Till 2."]
    event = AuditEvent.objects.get(subject_type=SubjectType.TERMINAL, subject_id=till.pk)
    assert (event.name, event.actor) == (EventName.TERMINAL_TAKES_SHOP, user_of(client))


def test_terminal_that_seqr_refuses_is_not_put_in_use(
    shop: Shop, till: Terminal, sandbox: SandboxProcess
) -> None:
    sandbox.change_terminal_password("till-2", "changed")
    former = shop.terminal

    response = superuser().post(address(shop), {"terminal": till.pk})

    shop.refresh_from_db()
    assert errors(response) == {
        "terminal": ["SEQR does not accept the password (code 20). The shop keeps its terminal."]
    }
    assert shop.terminal == former


def test_terminal_is_not_put_in_use_while_seqr_is_away(shop: Shop, seqr_away: None) -> None:
    other = TerminalFactory.create(principal_id="till-2", label="Till 2")

    response = superuser().post(address(shop), {"terminal": other.pk})

    assert errors(response) == {"terminal": ["SEQR does not answer. The shop keeps its terminal."]}


def test_only_other_terminals_of_the_seller_that_are_in_use_are_accepted(
    shop: Shop, sandbox: SandboxProcess
) -> None:
    foreign = TerminalFactory.create(
        principal_id="foreign", seller=SellerFactory.create(reseller_id="fyren")
    )
    retired = TerminalFactory.create(principal_id="retired", password="", retired_at=database_now())
    client = superuser()

    for terminal in (foreign, retired, shop.terminal):
        response = client.post(address(shop), {"terminal": terminal.pk})
        assert list(errors(response)) == ["terminal"]

    assert sandbox.calls() == []


def test_terminal_needs_the_permission_to_change_the_shop(shop: Shop, till: Terminal) -> None:
    client = staff("orders.view_shop", "orders.view_terminal")

    assert client.get(address(shop)).status_code == 403
    assert client.post(address(shop), {"terminal": till.pk}).status_code == 403


def test_terminal_retired_meanwhile_takes_no_shop(shop: Shop, boss: Any) -> None:
    retired = TerminalFactory.create(principal_id="retired", password="", retired_at=database_now())
    new = Shop(
        name="Fyren",
        slug="fyren",
        service_id="FYREN",
        terminal=retired,
        seller=retired.seller,
    )

    with pytest.raises(TerminalIsRetired):
        put_in_use(shop.pk, retired, by_staff(boss))
    with pytest.raises(TerminalIsRetired):
        add_shop(new, by_staff(boss))

    assert not Shop.objects.filter(terminal=retired).exists()


def test_shop_links_to_the_page_for_those_who_may_use_it(shop: Shop) -> None:
    permissions = ("orders.view_shop", "orders.change_shop", "orders.view_terminal")
    people = [staff(*permissions, shops=shops) for shops in (None, [shop])]

    pages = [person.get(page_url(shop)).content.decode() for person in people]

    assert [f'href="{address(shop)}"' in page for page in pages] == [True, False]
