"""`seed_demo` fills an empty database, and changes no other."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from orders.models import (
    Category,
    Option,
    OptionGroup,
    Picture,
    Product,
    QrCode,
    Seller,
    Shop,
    Terminal,
)
from payments.terminals import adopt_terminal_of_settings
from tests.factories import ShopFactory, TerminalFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", "lanterns-by-the-water")


@pytest.fixture(autouse=True)
def terminal(db: None) -> Terminal | None:
    """The terminal that the settings name, as `migrate` stores it."""
    return adopt_terminal_of_settings()


def test_empty_database_gets_the_cafe_at_the_terminal_of_the_settings(
    terminal: Terminal | None,
) -> None:
    TerminalFactory.create(principal_id="a-terminal-added-by-hand")

    call_command("seed_demo")

    cafe = Shop.objects.get()
    assert (cafe.name, cafe.slug, cafe.service_id) == ("Kafé Lyktan", "lyktan", "LYKTAN")
    assert cafe.terminal == terminal
    assert cafe.seller == cafe.terminal.seller
    assert cafe.products.count() >= 12
    assert set(cafe.products.values_list("vat_rate", flat=True)) == {12, 25}
    assert not cafe.products.filter(sku="").exists()
    assert not cafe.products.filter(category=None).exists()
    assert cafe.logo is not None
    assert (cafe.asks_dining, cafe.tip_percentages) == (False, [])
    roll = cafe.products.get(sku="MAT-02")
    assert roll.allergens_declared
    assert roll.contains == ["gluten", "milk", "sesame"]
    assert roll.take_away_vat_rate == Decimal(6)
    assert [group.options.count() for group in roll.option_groups.all()] == [2, 8]
    assert cafe.products.filter(option_groups__name_en="Size").count() == 2
    fillings = Option.objects.filter(group__name_en="Fillings")
    assert [(each.name_sv, each.name_en, int(each.price)) for each in fillings] == [
        ("Tomat", "Tomato", 0),
        ("Gurka", "Cucumber", 0),
        ("Paprika", "Sweet pepper", 0),
        ("Avokado", "Avocado", 12),
        ("Ägg", "Egg", 10),
        ("Skinka", "Ham", 12),
        ("Brieost", "Brie", 14),
        ("Extra ost", "Extra cheese", 8),
    ]
    milks = Option.objects.filter(group__name_en="Milk", allergens_declared=True)
    assert [each.contains for each in milks] == [
        ["milk"],
        ["milk"],
        ["gluten"],
        ["soybeans"],
        ["nuts"],
    ]
    assert cafe.products.filter(picture=None).count() == 0
    assert Picture.objects.count() == cafe.products.count() + 1
    assert cafe.qr_codes.get(parameters="TABLE=4").payload == "HTTP://SEQR.SE/000/LYKTAN?TABLE=4"
    assert User.objects.get(is_superuser=True).check_password("lanterns-by-the-water")


def test_second_terminals_password_adds_a_second_cafe(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMO_TERMINAL_PASSWORD", "a-second-password")

    call_command("seed_demo")

    first, second = Shop.objects.order_by("pk")
    assert (second.slug, second.service_id) == ("hamnen", "HAMNEN")
    assert first.terminal == terminal
    assert second.terminal != terminal
    assert second.terminal.password == "a-second-password"
    assert first.seller == second.seller == second.terminal.seller
    assert second.products.count() == first.products.count()
    assert second.option_groups.count() == first.option_groups.count() == 5
    assert (second.asks_dining, second.tip_percentages) == (True, [5, 10])


def test_every_row_of_the_cafes_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_TERMINAL_PASSWORD", "a-second-password")
    call_command("seed_demo")

    for kind in (Seller, Terminal, Shop, Category, OptionGroup, Option, Product, QrCode):
        for made in kind.objects.all():
            made.full_clean()


def test_second_run_keeps_what_a_person_changed() -> None:
    call_command("seed_demo")
    Shop.objects.update(name="Kafé Fyren")
    Product.objects.filter(sku="KAF-01").update(price=30)
    Product.objects.filter(sku="VAR-02").delete()
    staff = User.objects.get()
    staff.set_password("another")
    staff.save()
    before = list(Product.objects.values()), list(QrCode.objects.values("id", "made_at"))

    call_command("seed_demo")

    assert Shop.objects.get().name == "Kafé Fyren"
    assert (list(Product.objects.values()), list(QrCode.objects.values("id", "made_at"))) == before
    assert User.objects.get().check_password("another")


def test_database_with_a_shop_gets_no_cafe() -> None:
    ShopFactory.create(name="Bokhandeln", slug="bok", service_id="BOK")

    call_command("seed_demo")

    assert not Product.objects.exists()


def test_new_staff_user_needs_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO_PASSWORD")

    with pytest.raises(CommandError, match="DEMO_PASSWORD is missing"):
        call_command("seed_demo")

    assert not Shop.objects.exists()


def test_cafe_needs_the_terminal_of_the_settings(terminal: Terminal) -> None:
    Terminal.objects.update(is_from_settings=False)

    with pytest.raises(CommandError, match="No terminal is stored: give SEQR_TERMINAL_ID"):
        call_command("seed_demo")

    assert not Shop.objects.exists()
    assert not User.objects.exists()
