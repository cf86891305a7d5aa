"""The terminal that the settings name is stored, and replaced by another one there."""

from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from orders.models import Seller, Shop, Terminal
from payments.gateway import credentials_of
from payments.models import Invoice, InvoiceStatus
from payments.terminals import adopt_terminal_of_settings
from tests.factories import SellerFactory, ShopFactory, TerminalFactory
from tests.payments.steps import client_of, invoice_in, paid_invoice, refresh, reloaded
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


def adopted() -> Terminal:
    """Adopt the terminal of the settings; return its row as stored."""
    terminal = adopt_terminal_of_settings()
    assert terminal is not None
    return Terminal.objects.select_related("seller").get(pk=terminal.pk)


def stored_rows() -> list[tuple[object, ...]]:
    """Return all columns of both tables, the ciphertexts too."""
    terminals, sellers = Terminal.objects.order_by("pk"), Seller.objects.order_by("pk")
    return [*terminals.values_list(), *sellers.values_list()]


def test_first_start_stores_the_terminal_and_the_seller_of_the_settings() -> None:
    terminal = adopted()

    seller = terminal.seller
    assert (terminal.principal_id, terminal.password) == ("public_test_shop_terminal", "12345678")
    assert (terminal.is_from_settings, terminal.retired_at) == (True, None)
    assert (seller.reseller_id, seller.reseller_user_id) == ("public_test_shop", "9900")
    assert seller.reseller_password == "1234"
    assert (Terminal.objects.count(), Seller.objects.count()) == (1, 1)


def test_second_start_changes_nothing_and_not_even_the_ciphertext() -> None:
    adopted()
    before = stored_rows()

    adopted()

    assert stored_rows() == before


def test_start_keeps_what_a_person_has_entered() -> None:
    adopted()
    Terminal.objects.update(label="Södermalm, till 1")
    Seller.objects.update(legal_name="Lyktan Kafé AB")

    adopted()

    terminal = Terminal.objects.select_related("seller").get()
    assert (terminal.label, terminal.seller.legal_name) == ("Södermalm, till 1", "Lyktan Kafé AB")


@pytest.mark.parametrize(
    ("setting", "stored"),
    [
        ("SEQR_TERMINAL_PASSWORD", lambda terminal: terminal.password),
        ("SEQR_RESELLER_PASSWORD", lambda terminal: terminal.seller.reseller_password),
        ("SEQR_RESELLER_USER_ID", lambda terminal: terminal.seller.reseller_user_id),
    ],
)
def test_changed_setting_is_stored(
    settings: Settings, setting: str, stored: Callable[[Terminal], str]
) -> None:
    first = adopted()
    setattr(settings, setting, "8765")

    second = adopted()

    assert second == first
    assert stored(second) == "8765"


def test_stored_rows_suffice_once_the_settings_are_gone(settings: Settings) -> None:
    terminal = adopted()
    by_settings = credentials_of(terminal)
    for name in ("TERMINAL_ID", "TERMINAL_PASSWORD", "RESELLER_ID", "RESELLER_PASSWORD"):
        setattr(settings, f"SEQR_{name}", "")

    assert adopt_terminal_of_settings() is None
    assert credentials_of(Terminal.objects.get()) == by_settings


def test_nothing_is_stored_without_settings(settings: Settings) -> None:
    settings.SEQR_TERMINAL_ID = ""

    assert adopt_terminal_of_settings() is None

    assert stored_rows() == []


def test_another_terminal_takes_over_the_shops_of_the_former_one(settings: Settings) -> None:
    elsewhere = ShopFactory.create(terminal=TerminalFactory.create(principal_id="by hand"))
    former = adopted()
    shops = ShopFactory.create_batch(2, terminal=former)
    invoice = invoice_in(InvoiceStatus.ISSUED)
    settings.SEQR_TERMINAL_ID, settings.SEQR_TERMINAL_PASSWORD = "till-2", "the till's"

    replacement = adopted()

    former.refresh_from_db()
    assert (replacement.principal_id, replacement.password) == ("till-2", "the till's")
    assert replacement.seller == former.seller
    assert {terminal_of(shop) for shop in shops} == {replacement}
    assert terminal_of(elsewhere) == elsewhere.terminal
    assert reloaded(invoice).terminal == former
    assert (former.password, former.retired_at) == ("12345678", None)
    assert list(Terminal.objects.filter(is_from_settings=True)) == [replacement]


def terminal_of(shop: Shop) -> Terminal:
    """Return the shop's terminal as stored."""
    return Shop.objects.select_related("terminal").get(pk=shop.pk).terminal


def test_invoices_of_the_former_terminal_are_queried_by_it(
    sandbox: SandboxProcess, settings: Settings
) -> None:
    former = adopted()
    invoice = paid_invoice(sandbox, former)
    registered = client_of(former).register_terminal("till-2", "the till's", "Kassa 2")
    settings.SEQR_TERMINAL_ID, settings.SEQR_TERMINAL_PASSWORD = registered, "the till's"
    replacement = adopted()
    Invoice.objects.filter(pk=invoice.pk).update(acknowledged_at=None)

    statuses = refresh(invoice), refresh(paid_invoice(sandbox, replacement))

    assert statuses == (InvoiceStatus.PAID, InvoiceStatus.PAID)


def test_former_terminal_that_the_settings_name_again_gets_its_shops_back(
    settings: Settings,
) -> None:
    former = adopted()
    shop = ShopFactory.create(terminal=former)
    first_id = settings.SEQR_TERMINAL_ID
    for principal_id in ("till-2", first_id):
        settings.SEQR_TERMINAL_ID = principal_id
        adopted()

    assert terminal_of(shop) == former
    assert list(Terminal.objects.filter(is_from_settings=True)) == [former]


def test_another_reseller_takes_over_the_terminal_with_its_shops(settings: Settings) -> None:
    former = adopted().seller
    shop = ShopFactory.create(terminal=Terminal.objects.get())
    other = TerminalFactory.create(principal_id="by hand", seller=former)
    settings.SEQR_RESELLER_ID, settings.SEQR_RESELLER_PASSWORD = "another", "5678"

    terminal = adopted()

    shop.refresh_from_db()
    other.refresh_from_db()
    assert (terminal.seller != former, other.seller) == (True, former)
    assert shop.seller == terminal.seller
    assert credentials_of(terminal).reseller_id == "another"


def test_terminal_added_by_hand_becomes_that_of_the_settings(settings: Settings) -> None:
    by_hand = TerminalFactory.create(principal_id="till-2", password="", label="Till 2")
    settings.SEQR_TERMINAL_ID, settings.SEQR_TERMINAL_PASSWORD = "till-2", "the till's"

    terminal = adopted()

    assert terminal == by_hand
    assert (terminal.label, terminal.password) == ("Till 2", "the till's")
    assert terminal.is_from_settings


def test_retired_terminal_that_the_settings_name_is_used_again(settings: Settings) -> None:
    adopted()
    Terminal.objects.update(retired_at="2026-01-01T00:00:00Z", password_ciphertext="")

    terminal = adopted()

    assert (terminal.retired_at, terminal.password) == (None, "12345678")


def test_unreadable_stored_passwords_are_overwritten(settings: Settings) -> None:
    adopted()
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    terminal = adopted()

    assert (terminal.password, terminal.seller.reseller_password) == ("12345678", "1234")


def test_seller_of_another_reseller_account_is_left_alone() -> None:
    other = SellerFactory.create(reseller_id="another", reseller_password="their own")

    adopted()

    other.refresh_from_db()
    assert other.reseller_password == "their own"


# --- The credentials of a terminal ---------------------------------------------------------------


def test_settings_override_the_row_with_the_same_id_and_no_other(settings: Settings) -> None:
    own = TerminalFactory.create(password="outdated")
    other = TerminalFactory.create(principal_id="till-2", password="the till's")
    settings.SEQR_RESELLER_PASSWORD = "corrected"

    credentials = [credentials_of(each) for each in (own, other)]

    assert [each.terminal_password for each in credentials] == ["12345678", "the till's"]
    assert [each.reseller_password for each in credentials] == ["corrected", "corrected"]


def test_unreadable_password_is_empty_and_logged_without_it(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    terminal = TerminalFactory.create(principal_id="till-2", password="the till's")
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    credentials = credentials_of(terminal)

    assert credentials.terminal_password == ""
    assert credentials.reseller_password == "1234"
    assert f"Terminal {terminal.pk}: None of the keys in ENCRYPTION_KEYS" in caplog.text
    assert terminal.password_ciphertext not in caplog.text
