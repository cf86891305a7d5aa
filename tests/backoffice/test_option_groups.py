"""Option groups and options in the admin: added for a shop, offered with products, sold out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry

from orders.models import Option, OptionGroup, Product, Shop
from seqrshop.backoffice.tips_field import TipsField
from tests.backoffice import shop_form
from tests.backoffice.test_products import NO_PRICES
from tests.factories import (
    OptionFactory,
    OptionGroupFactory,
    OptionRowFactory,
    OrderRowFactory,
    ProductFactory,
    ShopFactory,
)
from tests.staff import admin_url, listed, page_url, run_action, staff, superuser, user_of

pytestmark = pytest.mark.django_db

SEE = ("orders.view_optiongroup", "orders.view_option")
EDIT = (*SEE, "orders.change_optiongroup", "orders.add_option", "orders.change_option")


def group_form(*options: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return the form of a group, as its page posts it."""
    body: dict[str, Any] = {
        "name_sv": "Mjölk",
        "name_en": "Milk",
        "minimum": "1",
        "maximum": "1",
        "position": "0",
        "options-TOTAL_FORMS": len(options),
        "options-INITIAL_FORMS": sum("id" in option for option in options),
        **fields,
    }
    for number, option in enumerate(options):
        body |= {f"options-{number}-{name}": value for name, value in option.items()}
    return body


def option_form(name: str = "Havremjölk", price: str = "5.00", **fields: Any) -> dict[str, Any]:
    """Return an option's row in that form."""
    return {
        "on_sale": "on",
        "position": "0",
        "name_sv": name,
        "name_en": name,
        "price": price,
        **fields,
    }


def errors(response: Any) -> list[str]:
    """Return the sentences of a refused form and of its rows."""
    form = response.context["adminform"].form
    sets = [each.formset for each in response.context["inline_admin_formsets"]]
    found = [form.errors, *(row for each in sets for row in each.errors)]
    texts = [text for row in found for each in row.values() for text in each]
    return [str(text) for text in (*texts, *(line for s in sets for line in s.non_form_errors()))]


def test_group_is_added_with_its_options_and_then_offered_with_products() -> None:
    client, shop = superuser(), ShopFactory.create()
    latte, tea = ProductFactory.create_batch(2, shop=shop)

    added = client.post(
        admin_url(OptionGroup, "add"),
        group_form(option_form(), option_form("Komjölk", "0.00"), shop=shop.pk),
    )
    group = OptionGroup.objects.get()
    rows = [
        option_form(each.name_sv, str(each.price), id=each.pk, group=group.pk)
        for each in group.options.all()
    ]
    client.post(page_url(group), group_form(*rows, products=[latte.pk, tea.pk]))
    both = set(group.products.all())
    client.post(page_url(group), group_form(*rows, products=[latte.pk]))

    assert added["Location"] == page_url(group)
    assert group.shop == shop
    assert [(each.name_sv, each.price) for each in group.options.all()] == [
        ("Havremjölk", Decimal("5.00")),
        ("Komjölk", Decimal("0.00")),
    ]
    assert (both, set(group.products.all())) == ({latte, tea}, {latte})


def test_product_page_offers_the_groups_of_its_shop_alone() -> None:
    latte = ProductFactory.create()
    milk = OptionGroupFactory.create(shop=latte.shop)
    foreign = OptionGroupFactory.create(name_en="Foreign")
    client = superuser()

    page = client.get(page_url(latte)).content.decode()
    refused = client.post(page_url(latte), product_form(latte, option_groups=[foreign.pk]))
    client.post(page_url(latte), product_form(latte, option_groups=[milk.pk]))

    assert ("Milk" in page, "Foreign" in page) == (True, False)
    assert list(refused.context["adminform"].form.errors) == ["option_groups"]
    assert list(latte.option_groups.all()) == [milk]


def product_form(product: Product, **fields: Any) -> dict[str, Any]:
    """Return the form of a product's page."""
    names = ("position", "name_sv", "name_en", "price", "vat_rate", "unit")
    filled = {name: getattr(product, name) for name in names} | {"on_sale": "on"}
    return filled | NO_PRICES | fields


def test_group_is_not_offered_with_a_product_of_another_shop() -> None:
    group, foreign = OptionGroupFactory.create(), ProductFactory.create()

    refused = superuser().post(page_url(group), group_form(products=[foreign.pk]))

    assert list(refused.context["adminform"].form.errors) == ["products"]
    assert not group.products.exists()


def test_group_stays_at_its_shop() -> None:
    group, other = OptionGroupFactory.create(), ShopFactory.create()

    superuser().post(page_url(group), group_form(shop=other.pk))

    group.refresh_from_db()
    assert group.shop != other


@pytest.mark.parametrize(
    ("fields", "options", "sentence"),
    [
        ({"minimum": "2", "maximum": "1"}, [], "“At most” must not be below “at least”."),
        ({"minimum": "0", "maximum": "0"}, [], "greater than or equal to 1"),
        (
            {"minimum": "2", "maximum": "2"},
            [option_form()],
            "A customer must choose 2 options, and fewer are on sale.",
        ),
        ({}, [option_form(price="-1.00")], "greater than or equal to 0"),
        ({}, [option_form(name="")], "This field is required."),
    ],
)
def test_group_that_no_customer_could_choose_from_is_refused(
    fields: dict[str, str], options: list[dict[str, Any]], sentence: str
) -> None:
    shop = ShopFactory.create()

    refused = superuser().post(
        admin_url(OptionGroup, "add"), group_form(*options, shop=shop.pk, **fields)
    )

    assert sentence in " ".join(errors(refused))
    assert not OptionGroup.objects.exists()


def test_outdated_page_does_not_put_an_option_back_in_stock() -> None:
    option = OptionFactory.create(sold_out=True)
    row = option_form(id=option.pk, group=option.group.pk, price="6.00")

    superuser().post(page_url(option.group), group_form(row))

    option.refresh_from_db()
    assert (option.price, option.sold_out) == (Decimal("6.00"), True)


def test_option_is_marked_as_sold_out_by_its_own_permission_and_logged() -> None:
    option = OptionFactory.create()
    client = staff(*SEE, "orders.sell_out_option")

    run_action(staff(*SEE, "orders.sell_out_product"), "mark_sold_out", option)
    option.refresh_from_db()
    before = option.sold_out
    messages = run_action(client, "mark_sold_out", option)

    option.refresh_from_db()
    assert (before, option.sold_out) == (False, True)
    assert messages == ["Marked as sold out: Oat milk."]
    assert LogEntry.objects.get().user == user_of(client)


def test_options_are_found_by_name_and_shown_with_their_price_and_shop() -> None:
    oat = OptionFactory.create(group__shop__name="Kafé Lyktan")
    OptionFactory.create(name_sv="Kanel", name_en="Cinnamon")
    client = superuser()

    assert listed(client, Option, q="oat") == [oat]
    page = client.get(admin_url(Option, "changelist"), {"q": "oat"}).content.decode()
    assert "5.00\N{NO-BREAK SPACE}SEK" in page
    assert "Kafé Lyktan" in page


def test_person_who_may_only_see_groups_changes_none() -> None:
    latte = ProductFactory.create(name_en="Latte")
    option = OptionFactory.create(group__shop=latte.shop)
    option.group.products.add(latte)
    client = staff(*SEE)

    page = client.get(page_url(option.group)).content.decode()
    refused = client.post(page_url(option.group), group_form(name_sv="Annat"))

    assert "Latte" in page
    assert refused.status_code == 403
    assert client.get(page_url(option)).status_code == 200


def test_person_who_may_edit_the_menu_edits_groups() -> None:
    group = OptionGroupFactory.create()

    answer = staff(*EDIT).post(page_url(group), group_form(option_form(), name_sv="Mjölksort"))

    group.refresh_from_db()
    assert (answer.status_code, group.name_sv, group.options.count()) == (302, "Mjölksort", 1)


def test_option_that_was_ordered_is_not_deleted() -> None:
    chosen: Option = OptionFactory.create()
    OptionRowFactory.create(parent=OrderRowFactory.create(), option=chosen)
    never_ordered = OptionFactory.create()
    client = superuser()

    for option in (chosen, never_ordered):
        client.post(admin_url(Option, "delete", option.pk), {"post": "yes"})
    client.post(admin_url(OptionGroup, "delete", chosen.group.pk), {"post": "yes"})

    assert list(Option.objects.all()) == [chosen]


def test_option_page_stores_what_the_option_adds_to_a_product() -> None:
    oat = OptionFactory.create()
    client = superuser()
    marks: dict[str, Any] = {
        "allergens_declared": "on",
        "contains": ["gluten"],
        "may_contain": ["nuts", "soybeans"],
        "unsuitable_for": ["gluten_free"],
    }
    before = client.get(admin_url(Option, "changelist")).content.decode()

    client.post(page_url(oat), option_form(**marks, **NO_PRICES))

    oat.refresh_from_db()
    assert (oat.allergens_declared, oat.contains, oat.may_contain, oat.unsuitable_for) == (
        True,
        ["gluten"],
        ["nuts", "soybeans"],
        ["gluten_free"],
    )
    after = client.get(admin_url(Option, "changelist")).content.decode()
    assert "not declared" in before
    assert "contains cereals containing gluten; may contain nuts, soybeans" in after


def test_option_with_an_allergen_in_both_lists_is_refused() -> None:
    oat = OptionFactory.create()

    refused = superuser().post(
        page_url(oat), option_form(contains=["gluten"], may_contain=["gluten"], **NO_PRICES)
    )

    assert list(refused.context["adminform"].form.errors) == ["may_contain"]
    oat.refresh_from_db()
    assert oat.contains == []


def test_group_page_keeps_the_allergens_of_its_options() -> None:
    oat = OptionFactory.create(allergens_declared=True, contains=["gluten"])

    superuser().post(
        page_url(oat.group), group_form(option_form(id=oat.pk, group=oat.group.pk, price="6.00"))
    )

    oat.refresh_from_db()
    assert (oat.price, oat.allergens_declared, oat.contains) == (Decimal("6.00"), True, ["gluten"])


# --- A product's marks and a shop's questions ----------------------------------------------------


def test_product_page_stores_texts_allergens_and_diets() -> None:
    bun = ProductFactory.create()

    superuser().post(
        page_url(bun),
        product_form(
            bun,
            take_away_vat_rate="6",
            description_sv="Nybakad",
            description_en="Freshly baked",
            ingredients_sv="Mjöl",
            ingredients_en="Flour",
            allergens_declared="on",
            contains=["gluten", "milk"],
            may_contain=["nuts"],
            diets=["vegetarian"],
        ),
    )

    bun.refresh_from_db()
    assert (bun.take_away_vat_rate, bun.description_en) == (Decimal(6), "Freshly baked")
    assert (bun.allergens_declared, bun.contains, bun.may_contain, bun.diets) == (
        True,
        ["gluten", "milk"],
        ["nuts"],
        ["vegetarian"],
    )


@pytest.mark.parametrize(
    ("marks", "field"),
    [
        ({"contains": ["milk"], "may_contain": ["milk"]}, "may_contain"),
        ({"contains": ["milk"], "diets": ["vegan"]}, "diets"),
        ({"contains": ["fish"], "diets": ["vegetarian"]}, "diets"),
        ({"contains": ["gluten"], "diets": ["gluten_free"]}, "diets"),
        ({"contains": ["snow"]}, "contains"),
    ],
)
def test_marks_that_contradict_are_refused(marks: dict[str, Any], field: str) -> None:
    bun = ProductFactory.create()

    refused = superuser().post(page_url(bun), product_form(bun, **marks))

    assert list(refused.context["adminform"].form.errors) == [field]


def test_lactose_free_milk_is_accepted() -> None:
    bun = ProductFactory.create()

    answer = superuser().post(
        page_url(bun), product_form(bun, contains=["milk"], diets=["lactose_free"])
    )

    assert answer.status_code == 302


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("", []), ("10, 5", [5, 10]), ("5 % 10 %", [5, 10]), ("5;5", [5]), ("100", [100])],
)
def test_shop_offers_the_typed_tips(typed: str, stored: list[int]) -> None:
    shop = ShopFactory.create(slug="lyktan", service_id="LYKTAN")
    client = superuser()

    client.post(page_url(shop), shop_form.form(tip_percentages=typed, asks_dining="on"))

    shop.refresh_from_db()
    page = client.get(page_url(shop)).content.decode()
    assert (shop.tip_percentages, shop.asks_dining) == (stored, True)
    assert f'value="{", ".join(map(str, stored))}"' in page or not stored


@pytest.mark.parametrize("typed", ["0", "101", "-5", "5.5", "five", "1 2 3 4 5", "1e1", "٥"])
def test_tips_that_are_no_percentages_are_refused(typed: str) -> None:
    shop = ShopFactory.create()

    refused = superuser().post(page_url(shop), shop_form.form(tip_percentages=typed))

    assert list(shop_form.errors(refused)) == ["tip_percentages"]
    assert Shop.objects.get().tip_percentages == []


@pytest.mark.parametrize(
    ("stored", "typed", "is_changed"),
    [(None, "", False), ([], "", False), ([5, 10], "10 5 %", False), ([5], "5, 10", True)],
)
def test_tips_are_changed_by_other_percentages_alone(
    stored: list[int] | None, typed: str, is_changed: bool
) -> None:
    assert TipsField(required=False).has_changed(stored, typed) == is_changed
