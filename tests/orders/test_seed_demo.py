"""`seed_demo` fills an empty database, and changes no other."""

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from orders.models import Category, Picture, Product, QrCode, Shop

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", "lanterns-by-the-water")


def test_empty_database_gets_the_cafe() -> None:
    call_command("seed_demo")

    cafe = Shop.objects.get()
    assert (cafe.name, cafe.slug, cafe.service_id) == ("Kafé Lyktan", "lyktan", "LYKTAN")
    assert cafe.products.count() >= 12
    assert set(cafe.products.values_list("vat_rate", flat=True)) == {12, 25}
    assert not cafe.products.filter(sku="").exists()
    assert not cafe.products.filter(category=None).exists()
    assert cafe.logo is not None
    assert cafe.products.filter(picture=None).count() == 0
    assert Picture.objects.count() == cafe.products.count() + 1
    assert cafe.qr_codes.get(parameters="TABLE=4").payload == "HTTP://SEQR.SE/000/LYKTAN?TABLE=4"
    assert User.objects.get(is_superuser=True).check_password("lanterns-by-the-water")


def test_every_row_of_the_cafe_is_valid() -> None:
    call_command("seed_demo")

    for kind in (Shop, Category, Product, QrCode):
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
    Shop.objects.create(name="Bokhandeln", slug="bok", service_id="BOK")

    call_command("seed_demo")

    assert not Product.objects.exists()


def test_new_staff_user_needs_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO_PASSWORD")

    with pytest.raises(CommandError, match="DEMO_PASSWORD is missing"):
        call_command("seed_demo")

    assert not Shop.objects.exists()
