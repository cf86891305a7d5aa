"""Fills an empty database with a café, as `make run` shows it."""

from __future__ import annotations

import os
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from orders.models import Product, Service
from orders.qr import save_qr_code

STAFF_USER = "staff"
FOOD, DRINK_OR_GOODS = Decimal(12), Decimal(25)  # Swedish VAT, per cent

# Article number, name in Swedish, name in English, price in SEK with VAT, VAT rate.
PRODUCTS = [
    ("KAF-01", "Bryggkaffe", "Filter coffee", "32.00", FOOD),
    ("KAF-02", "Cappuccino", "Cappuccino", "45.00", FOOD),
    ("KAF-03", "Havrelatte", "Oat latte", "49.00", FOOD),
    ("TE-01", "Te, Earl Grey", "Earl Grey tea", "34.00", FOOD),
    ("BAK-01", "Kanelbulle", "Cinnamon bun", "35.00", FOOD),
    ("BAK-02", "Kardemummabulle", "Cardamom bun", "35.00", FOOD),
    ("BAK-03", "Chokladboll", "Chocolate ball", "29.00", FOOD),
    ("BAK-04", "Prinsesstårta, bit", "Princess cake, slice", "62.00", FOOD),
    ("MAT-01", "Räksmörgås", "Open prawn sandwich", "145.00", FOOD),
    ("MAT-02", "Ostfralla", "Cheese roll", "48.00", FOOD),
    ("DRY-01", "Rabarbersaft", "Rhubarb cordial", "38.50", FOOD),
    ("DRY-02", "Lageröl, 33 cl", "Lager, 33 cl", "69.00", DRINK_OR_GOODS),
    ("VAR-01", "Kaffebönor, 250 g", "Coffee beans, 250 g", "119.00", FOOD),
    ("VAR-02", "Mugg med lykta", "Lantern mug", "149.00", DRINK_OR_GOODS),
]

# Where each code hangs, and what it tells the order page.
CODES = [
    *((f"Table {number}", f"TABLE={number}") for number in range(1, 7)),
    ("Takeaway window", "WHERE=TAKEAWAY"),
]


class Command(BaseCommand):
    """Seeds the demo. Nothing is added to a database that has a service, nor changed in one."""

    help = (
        "Fill an empty database with a café: its service, products and printed codes, and the "
        f'superuser "{STAFF_USER}" with the password in the environment variable DEMO_PASSWORD.'
    )

    @transaction.atomic
    def handle(self, *_args: Any, **_options: Any) -> None:
        """Add the staff user and the café, each where there is none."""
        staff = User.objects.filter(username=STAFF_USER).first() or self._make_staff()
        if Service.objects.exists():
            return
        cafe = Service.objects.create(name="Kafé Lyktan", slug="lyktan", service_id="LYKTAN")
        Product.objects.bulk_create(
            Product(
                service=cafe,
                sku=sku,
                name_sv=name_sv,
                name_en=name_en,
                price=Decimal(price),
                vat_rate=vat_rate,
                position=position,
            )
            for position, (sku, name_sv, name_en, price, vat_rate) in enumerate(PRODUCTS, start=1)
        )
        for placement, parameters in CODES:
            save_qr_code(cafe, placement, parameters, staff)

    def _make_staff(self) -> User:
        password = os.environ.get("DEMO_PASSWORD")
        if not password:
            raise CommandError(
                "DEMO_PASSWORD is missing: it should be the password for the new user "
                f'"{STAFF_USER}".'
            )
        return User.objects.create_superuser(STAFF_USER, password=password)
