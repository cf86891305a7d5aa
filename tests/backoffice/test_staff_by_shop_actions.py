"""Person × action: an action reaches the rows of the person's shops, and no other row."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client, RequestFactory
from django.utils.translation import override

from orders.models import Shop
from payments.models import MoneyCase, Refund
from tests.backoffice.staff_by_shop import (
    CELLS_PER_TRIED,
    EVERYWHERE,
    PERSONS,
    Person,
    World,
    browser_of,
    foreign_names,
    rows_of_cell,
    stored,
    turn_of,
    undone,
)
from tests.grids import is_tried
from tests.staff import admin_url, shown_messages, superuser

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.usefixtures("seqr_away")]

UNKNOWN_ID = 987654321

OF_SHOPS = {
    name: person
    for name, person in PERSONS.items()
    if person.has_permissions and not person.is_superuser
}
each_person = pytest.mark.parametrize("person", OF_SHOPS.values(), ids=OF_SHOPS)


def actions() -> list[tuple[type[Model], str]]:
    """Return every action of the admin that a superuser may run, with its model."""
    request = RequestFactory().get("/")
    request.user = User(is_active=True, is_superuser=True)
    return [
        (model, name)
        for model, model_admin in site._registry.items()
        for name in model_admin.get_actions(request)
    ]


def run(client: Client, model: type[Model], action: str, *ids: int, **fields: str) -> Any:
    """Run an action on the rows with these ids, without the messages of an earlier one."""
    client.cookies.pop("messages", None)
    body = {"action": action, "_selected_action": list(ids), "confirmed": "yes", **fields}
    return client.post(admin_url(model, "changelist"), body)


def result(response: Any) -> tuple[object, ...]:
    """Return the result of an action: a page, or a redirect with messages.

    The number of a new print file is not part of it.
    """
    location = re.sub(r"print/\d+$", "print/…", response.headers.get("Location", ""))
    return response.status_code, location, shown_messages(response)


@pytest.fixture(scope="module")
def results_of_superuser(stored_world: World) -> dict[tuple[type[Model], str, int], Any]:
    """What each action does for a superuser to a row, once a person's test has tried it."""
    return {}


@each_person
def test_action_does_for_own_rows_what_it_does_for_a_superuser(
    person: Person,
    world: World,
    results_of_superuser: dict[tuple[type[Model], str, int], Any],
) -> None:
    client, chief = browser_of(person, world), superuser()
    tried = 0

    for number, (model, action) in enumerate(actions(), start=turn_of(person)):
        own = [(place, row) for place, row in world.rows[model] if person.sees(place)]
        if (model, action) == (Shop, "delete_selected") or not is_tried(number, CELLS_PER_TRIED):
            continue
        for _, row in rows_of_cell(number, own):
            with undone():
                got = result(run(client, model, action, row.pk))
            key = model, action, row.pk
            if key not in results_of_superuser:
                with undone():
                    results_of_superuser[key] = result(run(chief, model, action, row.pk))
            assert (model, action, got) == (model, action, results_of_superuser[key])
            tried += 1

    assert tried or not person.shops


@pytest.mark.parametrize("shops", [EVERYWHERE, "A"])
def test_action_needs_its_permission(shops: str, world: World) -> None:
    client = browser_of(Person(shops, has_permissions=False), world)
    before = stored()

    statuses = {
        run(client, model, action, world.rows[model][0][1].pk).status_code
        for model, action in actions()
    }

    assert statuses == {403}
    assert stored() == before


@each_person
def test_action_on_a_row_of_another_shop_does_what_it_does_for_an_unknown_id(
    person: Person, world: World
) -> None:
    client = browser_of(person, world)
    before = stored()

    for number, (model, action) in enumerate(actions(), start=turn_of(person)):
        if not is_tried(number, CELLS_PER_TRIED):
            continue
        unknown = result(run(client, model, action, UNKNOWN_ID))
        foreign = [(place, row) for place, row in world.rows[model] if not person.sees(place)]
        for _, row in rows_of_cell(number, foreign):
            response = run(client, model, action, row.pk)
            assert (model, action, result(response)) == (model, action, unknown)
            assert foreign_names(person, world, response.getvalue().decode()) == []

    assert stored() == before


def test_button_for_a_row_of_another_shop_does_what_it_does_for_an_unknown_id(
    world: World,
) -> None:
    client = browser_of(PERSONS["person_of_shop_a"], world)

    for model, action in actions():
        row_id = next(row.pk for place, row in world.rows[model] if place != "A")
        got, unknown = (
            str(result(run(client, model, action, pk, from_row_page="yes"))).replace(
                f"/{pk}/", "/…/"
            )
            for pk in (row_id, UNKNOWN_ID)
        )
        assert (model, action, got) == (model, action, unknown)


def test_actions_reach_the_rows_that_they_are_for(world: World) -> None:
    client = browser_of(PERSONS["person_of_shop_a"], world)
    silent = []

    for model, action in actions():
        rows = [row for place, row in world.rows[model] if place == "A"]
        for row in rows[:1]:
            with undone():
                unknown = result(run(client, model, action, UNKNOWN_ID))
                reached = run(client, model, action, row.pk)
                with override("en"):
                    is_named = str(row) in reached.getvalue().decode()
                if result(reached) == unknown and not is_named:
                    silent.append((model.__name__, action))

    assert silent == [("Shop", "delete_selected")]


@each_person
def test_action_on_all_rows_of_a_list_reaches_those_of_the_persons_shops(
    person: Person, world: World
) -> None:
    client = browser_of(person, world)

    run(client, Refund, "withdraw", UNKNOWN_ID, select_across="1")

    withdrawn = set(Refund.objects.filter(status="WITHDRAWN"))
    assert withdrawn == {row for place, row in world.rows[Refund] if person.sees(place)}


def test_withdrawing_one_refund_of_each_shop_withdraws_the_persons_own(world: World) -> None:
    client = browser_of(PERSONS["person_of_shops_a_and_b"], world)
    refunds = {letter: world.row(Refund, letter) for letter in "ABC"}

    response = run(client, Refund, "withdraw", *(refund.pk for refund in refunds.values()))

    for refund in refunds.values():
        refund.refresh_from_db()
    assert {letter: refund.status for letter, refund in refunds.items()} == {
        "A": "WITHDRAWN",
        "B": "WITHDRAWN",
        "C": "REQUESTED",
    }
    assert str(refunds["C"]) not in shown_messages(response)[0]


def test_rows_that_need_all_shops_exist_in_the_world(world: World) -> None:
    assert {place for place, _ in world.rows[MoneyCase]} == {"A", "B", "C", "BC", EVERYWHERE}
