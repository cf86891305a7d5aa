"""Migrates the database, collects the static files, creates the demo data, and describes its shops.

`make run` runs it as a separate process, which closes its database connections on exit.
"""

from __future__ import annotations

import json
import os
import sys

import django
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.management import call_command

from seqrshop.local.demo import STAFF_USER

MAX_CODES = 100  # the sandbox accepts no more per shop
PAGES = ("order", "success", "failure", "cancel")


def main() -> None:
    """Prepare the demo, and write what `make run` needs to standard output, as JSON."""
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    if not settings.DEBUG:
        call_command("collectstatic", verbosity=0, interactive=False)
    call_command("seed_demo", verbosity=0)
    from seqrshop.local.demo_people import add_people  # noqa: PLC0415 - it imports models

    json.dump(
        {
            "shops": _shops(),
            "resellers": _resellers(),
            "terminals": _terminals(),
            "people": add_people(os.environ["DEMO_PASSWORD"]),
            "staff_password_works": _staff_password_works(),
        },
        sys.stdout,
    )


def _shops() -> list[dict[str, object]]:
    """Return every shop in the form in which the sandbox registers it."""
    from orders.models import Shop  # noqa: PLC0415 - models load after django.setup()

    def describe(shop: Shop) -> dict[str, object]:
        address = f"{settings.PUBLIC_BASE_URL}/{shop.slug}"
        parameters = shop.qr_codes.values_list("parameters", flat=True).order_by("id")
        return {
            "service_id": shop.service_id,
            "name": shop.name,
            **{f"{page}_url": f"{address}/{page}" for page in PAGES},
            "codes": list(parameters[:MAX_CODES]) or [""],
        }

    return [describe(shop) for shop in Shop.objects.order_by("id")]


def _resellers() -> list[dict[str, object]]:
    """Return the reseller accounts that the settings do not name, for the sandbox."""
    from orders.models import Seller  # noqa: PLC0415

    return [
        {
            "reseller_id": seller.reseller_id,
            "user_id": seller.reseller_user_id,
            "password": seller.reseller_password,
            "name": seller.legal_name,
        }
        for seller in Seller.objects.exclude(reseller_id=settings.SEQR_RESELLER_ID)
    ]


def _terminals() -> list[dict[str, object]]:
    """Return the terminals that the settings do not name, for the sandbox."""
    from orders.models import Terminal  # noqa: PLC0415

    in_use = Terminal.objects.filter(retired_at=None).select_related("seller")
    return [
        {
            "terminal_id": terminal.principal_id,
            "password": terminal.password,
            "name": terminal.label,
            "reseller_id": terminal.seller.reseller_id,
        }
        for terminal in in_use.exclude(principal_id=settings.SEQR_TERMINAL_ID)
    ]


def _staff_password_works() -> bool:
    """Return whether the generated password still signs in: staff may have changed it."""
    return authenticate(username=STAFF_USER, password=os.environ["DEMO_PASSWORD"]) is not None


if __name__ == "__main__":
    main()
