"""Role × address × method: each address under /admin/ and /staff/, for each ready-made role."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from orders.models import Order, PrintFile, PrintFileStatus, QrCode, Shop
from payments.loyalty import example
from payments.models import BulkJob
from payments.staff_roles import ROLES, save_roles
from seqrshop.backoffice.bulk.jobs import propose_job
from seqrshop.backoffice.bulk.of_orders import SERVE_ORDERS
from seqrshop.backoffice.codes.print_files import propose_file
from tests.backoffice.role_grid import (
    FOR_STRANGERS,
    GRID,
    LETTERS,
    UNNAMED,
    WITHOUT_A_PAGE,
    Address,
    Rows,
    addresses,
    patterns,
)
from tests.backoffice.staff_by_shop import EVERYWHERE, World, stored, undone
from tests.grids import is_tried
from tests.staff import staff, user_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seqr_away")]

METHODS = ("GET", "POST")
CELLS_PER_TRIED = 13
UNKNOWN_ID = 987654321
each_role = pytest.mark.parametrize(
    "role", [pytest.param(role.name, marks=pytest.mark.slow) for role in ROLES]
)


@pytest.fixture(autouse=True)
def _loyalty_cards_are_used(settings: Settings) -> None:
    settings.LOYALTY_HOOK = example.PATH


@pytest.fixture(autouse=True)
def _refusals_are_not_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Format no traceback for each of a thousand refused requests."""
    monkeypatch.setattr(logging.getLogger("django.request"), "disabled", True)


def browser_of(role: str, world: World, shop: str = EVERYWHERE) -> Client:
    """Return the browser of a person with this role alone, in all shops or in one."""
    save_roles()
    client = staff(shops=None if shop == EVERYWHERE else [world.shops[shop]])
    user_of(client).groups.set(Group.objects.filter(name=role))
    return client


def rows_of(world: World, shop: str, owner: User, *, foreign_to: str = "") -> Rows:
    """Return rows of a shop, or at least none that the person of another shop has.

    The action in the background and the print file are the owner's.
    """
    of_model = {}
    for model, rows in world.rows.items():
        fitting = [row.pk for place, row in rows if not foreign_to or foreign_to != place]
        of_shop = [row.pk for place, row in rows if place == shop]
        if rows:
            of_model[model] = (of_shop or fitting)[0]
    slug, order = world.shops[shop].slug, world.row(Order, shop)
    job, file = job_of(owner, world), file_of(owner, world)
    return Rows(of_model, slug, order.pk, job.pk, order.customer_id, file.pk)


def job_of(user: User, world: World) -> BulkJob:
    """Return a job that this person has proposed, about an order of shop A."""
    return propose_job(SERVE_ORDERS, [world.row(Order, "A")], user, "en")


def file_of(user: User, world: World) -> PrintFile:
    """Return a finished print file of this person, with a code of shop A."""
    file = propose_file(user, [world.row(QrCode, "A").pk])
    PrintFile.objects.filter(pk=file.pk).update(status=PrintFileStatus.READY, content=b"%PDF")
    return file


def send(client: Client, method: str, address: Address, rows: Rows) -> Any:
    """Send a request by a browser that keeps its cookies, even if it is signed out."""
    url = address.of(rows)
    with _cookies_kept(client):
        if method == "GET":
            return client.get(url)
        return client.post(url, address.body(rows))


@contextmanager
def _cookies_kept(client: Client) -> Iterator[None]:
    before = deepcopy(client.cookies)
    yield
    client.cookies = before


def cells(role: str) -> Iterator[tuple[Address, str]]:
    """Yield the addresses and methods that a role tries; `make test` tries a thirteenth."""
    number = list(LETTERS).index(role)
    for each in addresses():
        for method in METHODS:
            if is_tried(number, CELLS_PER_TRIED):
                yield each, method
            number += 1


def expected_roles(address: Address, method: str) -> str:
    """Return the letters of the roles whose request is carried out."""
    access = GRID[address.name]
    return access.opens if method == "GET" else access.posts


def test_every_address_of_the_back_office_has_an_expectation() -> None:
    found = {name for name, _ in patterns()}
    unnamed = {f"admin:{pattern}" for pattern in UNNAMED}

    assert found - GRID.keys() - WITHOUT_A_PAGE - unnamed == set()
    assert GRID.keys() - found == set()


def test_every_role_has_a_letter() -> None:
    assert list(LETTERS) == [role.name for role in ROLES]


@each_role
def test_role_opens_and_posts_to_these_addresses_alone(role: str, world: World) -> None:
    client = browser_of(role, world)
    rows = rows_of(world, "A", user_of(client))
    before, wrong = stored(), []

    for address, method in cells(role):
        letters = expected_roles(address, method)
        if LETTERS[role] in letters:
            with undone():
                status = send(client, method, address, rows).status_code
            is_right = status in (200, 302)
        else:
            status = send(client, method, address, rows).status_code
            is_right = status == 403 or (not letters and status == 405)
        if not is_right:
            wrong.append((address.name, method, status))

    assert wrong == []
    assert stored() == before


@each_role
def test_row_of_another_shop_is_unknown_to_each_role(role: str, world: World) -> None:
    """An address about a row of shop B answers a person of shop A as one about no row."""
    client = browser_of(role, world, "A")
    foreign = rows_of(world, "B", User.objects.get(username="clerk"), foreign_to="A")
    of_model = dict.fromkeys(foreign.of_model, UNKNOWN_ID)
    unknown = Rows(of_model, "no-shop", *[UNKNOWN_ID] * 4)
    before, wrong = stored(), []

    for address, method in cells(role):
        if address.parameters:
            got, expected = (
                _status_and_place(send(client, method, address, rows))
                for rows in (foreign, unknown)
            )
            if got != expected or got[0] not in (302, 403, 404, 405):
                wrong.append((address.name, method, got, expected))

    assert wrong == []
    assert stored() == before


def _status_and_place(response: Any) -> tuple[int, str]:
    """Return the status, and where the answer leads."""
    return response.status_code, response.headers.get("Location", "").partition("?")[0]


@each_role
def test_kitchen_serves_no_order_of_another_shop_at_its_own_board(role: str, world: World) -> None:
    client = browser_of(role, world)
    board, order = world.shops["A"], world.row(Order, "B")
    address = reverse("staff:kitchen_step", args=[board.slug, order.pk])

    refused = client.post(address, {"step": "preparing", "change": "record"})

    assert refused.status_code == (
        404 if LETTERS[role] in GRID["staff:kitchen_step"].posts else 403
    )
    assert world.row(Order, "B").state == Order.objects.get(pk=order.pk).state


@pytest.mark.slow
@pytest.mark.parametrize("is_signed_in", [False, True], ids=["a stranger", "no staff"])
def test_person_who_is_no_staff_is_asked_to_sign_in(is_signed_in: bool, world: World) -> None:
    client = staff() if is_signed_in else Client()
    User.objects.filter(username__startswith="staff-").update(is_staff=False)
    rows = rows_of(world, "A", User.objects.get(username="clerk"))
    before, wrong = stored(), []

    for address in addresses():
        if address.name in FOR_STRANGERS:
            continue
        for method in METHODS:
            response = send(client, method, address, rows)
            leads_to = response.headers.get("Location", "").partition("?")[0]
            if response.status_code not in (401, 405) and leads_to != reverse("admin:login"):
                wrong.append((address.name, method, response.status_code, leads_to))

    assert wrong == []
    assert stored() == before


def test_world_has_a_row_of_each_model_of_the_grid(world: World) -> None:
    models = {address.model for address in addresses()} - {None}

    assert models <= world.rows.keys()
    assert {place for place, _ in world.rows[Shop]} == {"A", "B", "C"}
