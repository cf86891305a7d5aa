"""`manage.py seed_demo`: fills an empty database with the cafés of `make run`."""

from __future__ import annotations

import os
from decimal import Decimal
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from orders.codes.generate import save_qr_code
from orders.demo import (
    CODES,
    FIRST_CAFE,
    FOOD,
    FOOD_TO_TAKE_AWAY,
    MENU,
    PICTURES,
    SECOND_CAFE,
    SELLER,
    SOLD_OUT,
    TIP_PERCENTAGES,
    Cafe,
    Item,
)
from orders.demo.details import DETAILS, GROUPS, Details
from orders.models import Category, Option, OptionGroup, Product, Seller, Shop, Terminal
from orders.pictures import make_logo, make_product_picture, save_once
from seqrshop.startup import require_valid_settings

STAFF_USER = "staff"


class Command(BaseCommand):
    """Seeds the demo. A database that has a shop is left unchanged."""

    help = (
        "Fill an empty database with a café at the terminal that the settings name: its service, "
        f'products and printed codes, and the superuser "{STAFF_USER}" with the password in the '
        "environment variable DEMO_PASSWORD. With DEMO_TERMINAL_PASSWORD, the password of a second "
        "terminal, it adds a second café."
    )

    @transaction.atomic
    def handle(self, *_args: Any, **_options: Any) -> None:
        """Add the staff user and the cafés if they are missing."""
        require_valid_settings()
        staff = User.objects.filter(username=STAFF_USER).first() or self._create_staff()
        if Shop.objects.exists():
            return
        terminal = _terminal_of_settings()
        Seller.objects.filter(pk=terminal.seller_id, legal_name="").update(**SELLER)
        Terminal.objects.filter(pk=terminal.pk, label="").update(label=FIRST_CAFE.terminal_label)
        _add_cafe(FIRST_CAFE, terminal, staff)
        password = os.environ.get("DEMO_TERMINAL_PASSWORD")
        if password:
            second = Terminal(
                seller=terminal.seller,
                principal_id=SECOND_CAFE.terminal_id,
                label=SECOND_CAFE.terminal_label,
            )
            second.password = password
            second.save()
            _add_cafe(SECOND_CAFE, second, staff)

    def _create_staff(self) -> User:
        password = os.environ.get("DEMO_PASSWORD")
        if not password:
            raise CommandError(
                "DEMO_PASSWORD is missing: it should be the password for the new user "
                f'"{STAFF_USER}".'
            )
        return User.objects.create_superuser(STAFF_USER, password=password)


def _terminal_of_settings() -> Terminal:
    terminal = Terminal.objects.select_related("seller").filter(is_from_settings=True).first()
    if terminal is None:
        raise CommandError(
            "No terminal is stored: give SEQR_TERMINAL_ID and what belongs to it, and run migrate."
        )
    return terminal


def _add_cafe(cafe: Cafe, terminal: Terminal, staff: User) -> None:
    shop = Shop.objects.create(
        name=cafe.name,
        slug=cafe.slug,
        service_id=cafe.service_id,
        seller=terminal.seller,
        terminal=terminal,
        logo=save_once(make_logo(_image("logo"))),
        asks_dining=cafe.has_tables,
        tip_percentages=TIP_PERCENTAGES if cafe.has_tables else [],
    )
    groups = _add_groups(shop)
    positions = count(1)
    for position, (name_sv, name_en, items) in enumerate(MENU, start=1):
        category = Category.objects.create(
            shop=shop, name_sv=name_sv, name_en=name_en, position=position
        )
        for item in items:
            details = DETAILS.get(item.sku)
            product = _add(item, details, category, next(positions))
            product.option_groups.set(groups[name] for name in (details.groups if details else ()))
    for placement, parameters in CODES:
        save_qr_code(shop, placement, parameters, staff)


def _add_groups(shop: Shop) -> dict[str, OptionGroup]:
    """Add the shop's option groups; return them by their names in English."""
    groups = {}
    for position, group in enumerate(GROUPS, start=1):
        groups[group.name_en] = OptionGroup.objects.create(
            shop=shop,
            name_sv=group.name_sv,
            name_en=group.name_en,
            minimum=group.minimum,
            maximum=group.maximum,
            position=position,
        )
        Option.objects.bulk_create(
            Option(
                group=groups[group.name_en],
                name_sv=choice.name_sv,
                name_en=choice.name_en,
                price=Decimal(choice.price),
                position=place,
                allergens_declared=True,
                contains=list(choice.contains),
                may_contain=list(choice.may_contain),
                unsuitable_for=list(choice.unsuitable_for),
            )
            for place, choice in enumerate(group.options, start=1)
        )
    return groups


def _add(item: Item, details: Details | None, category: Category, position: int) -> Product:
    shown = details or Details()
    return Product.objects.create(
        shop=category.shop,
        category=category,
        position=position,
        sku=item.sku,
        name_sv=item.name_sv,
        name_en=item.name_en,
        price=Decimal(item.price),
        vat_rate=item.vat_rate,
        take_away_vat_rate=FOOD_TO_TAKE_AWAY if item.vat_rate == FOOD else None,
        sold_out=item.sku == SOLD_OUT,
        picture=save_once(make_product_picture(_image(item.sku))),
        picture_alt_sv=item.alt_sv,
        picture_alt_en=item.alt_en,
        description_sv=shown.description_sv,
        description_en=shown.description_en,
        ingredients_sv=shown.ingredients_sv,
        ingredients_en=shown.ingredients_en,
        allergens_declared=details is not None,
        contains=list(shown.contains),
        may_contain=list(shown.may_contain),
        diets=list(shown.diets),
    )


def _image(name: str) -> ContentFile[bytes]:
    return ContentFile((PICTURES / f"{name}.webp").read_bytes())
