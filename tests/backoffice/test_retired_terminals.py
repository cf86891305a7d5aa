"""Terminals that are retired in the admin, listed as such, and used again."""

from __future__ import annotations

import pytest
from django.utils import timezone

from orders.models import EventName, Terminal
from tests.backoffice.tills import SECRET, events_of, stored_till
from tests.factories import InvoiceFactory, SellerFactory, ShopFactory, TerminalFactory
from tests.sandbox_process import SandboxProcess
from tests.staff import list_url, listed, page_url, shown_messages, staff, superuser

pytestmark = pytest.mark.django_db


@pytest.fixture
def till(sandbox: SandboxProcess) -> Terminal:
    """A terminal that SEQR accepts."""
    sandbox.add_terminal("till-2", SECRET)
    return stored_till(SellerFactory.create())


@pytest.mark.parametrize(
    ("query", "labels"),
    [({}, {"Till", "Old till"}), ({"retired": "no"}, {"Till"}), ({"retired": "yes"}, {"Old till"})],
)
def test_terminals_are_listed_by_whether_they_are_retired(
    query: dict[str, str], labels: set[str]
) -> None:
    TerminalFactory.create(label="Till")
    TerminalFactory.create(
        label="Old till", principal_id="old", password="", retired_at=timezone.now()
    )

    assert {terminal.label for terminal in listed(superuser(), Terminal, **query)} == labels


def test_terminal_with_work_left_is_not_retired_and_the_numbers_are_shown(till: Terminal) -> None:
    shop = ShopFactory.create(terminal=till)
    InvoiceFactory.create(issued=True, order__shop=shop)
    client = superuser()

    page = client.get(f"/admin/orders/terminal/{till.pk}/retire/").content.decode()
    response = client.post(f"/admin/orders/terminal/{till.pk}/retire/", {"confirmed": "yes"})

    till.refresh_from_db()
    work = "Work is left for the terminal: 1 shop uses it, 1 open payment."
    assert f"{work} It is retired by itself once none is left." in page
    assert 'type="submit" class="default"' not in page
    assert till.retired_at is None
    assert shown_messages(response) == [f"Not retired. {work}"]


def test_free_terminal_is_retired_after_confirmation_and_used_again_with_its_password(
    till: Terminal,
) -> None:
    client = superuser()

    asked = client.post(list_url(Terminal), {"action": "retire", "_selected_action": till.pk})
    till.refresh_from_db()
    before = till.retired_at
    address = f"/admin/orders/terminal/{till.pk}/retire/"
    done, again = (client.post(address, {"confirmed": "yes"}) for _ in range(2))
    till.refresh_from_db()
    after = (till.retired_at is not None, till.password)
    label = client.post(page_url(till), {"label": "Old till", "password": ""})
    client.post(page_url(till), {"label": "Till 2", "password": SECRET})
    till.refresh_from_db()

    assert asked.context["explanation"] == (
        "The terminal is called no more, and its password is deleted. To use it again, enter the "
        "password on its page."
    )
    assert [each.headers["Location"] for each in (done, again)] == [page_url(till)] * 2
    assert shown_messages(done) == ["The terminal is retired, and its password is deleted."]
    assert shown_messages(again)[-1] == "The terminal is retired already."
    assert (before, after) == (None, (True, ""))
    assert (label.status_code, till.retired_at, till.password) == (302, None, SECRET)
    assert [name for name, _ in events_of(till)] == [
        EventName.TERMINAL_RETIRED,
        EventName.TERMINAL_REACTIVATED,
    ]


def test_retiring_needs_the_permission_to_change_terminals(till: Terminal) -> None:
    response = staff("orders.view_terminal").post(
        f"/admin/orders/terminal/{till.pk}/retire/", {"confirmed": "yes"}
    )

    till.refresh_from_db()
    assert response.status_code == 403
    assert till.retired_at is None
