"""python -m tests.proof.crash.terminal_commands: what an operator of the chain does to terminals.

`add` adds a second seller with a shop and a terminal, and a spare terminal of the first seller; it
prints the registration for the sandbox. `replace TIME` puts the spare terminal in use for the
first shop at this time, in seconds since 1970; it prints what was in progress.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings

from tests.proof.crash.chain import (
    FIRST_SHOP,
    OLD_TERMINAL,
    OTHER_RESELLER,
    OTHER_SHOP,
    OTHER_TERMINAL,
    PASSWORDS,
    RESELLER_PASSWORD,
    SPARE_TERMINAL,
)

if TYPE_CHECKING:
    from orders.models import Seller, Terminal

PRICES = ("12.00", "45.00", "32.50")


def main() -> None:
    """Run the command, and write its result to standard output as JSON."""
    django.setup()
    command, *arguments = sys.argv[1:]
    result = _replace(float(arguments[0])) if command == "replace" else _add()
    json.dump(result, sys.stdout)


def _add() -> dict[str, Any]:
    from orders.models import Product, Seller, Shop  # noqa: PLC0415 - after django.setup()

    first = Shop.objects.get(slug=FIRST_SHOP.lower())
    _add_terminal(first.seller, SPARE_TERMINAL)
    other = Seller(
        legal_name="Udden Glass AB", organisation_number="556677-9904", reseller_id=OTHER_RESELLER
    )
    other.reseller_password = RESELLER_PASSWORD
    other.save()
    terminal = _add_terminal(other, OTHER_TERMINAL)
    slug = OTHER_SHOP.lower()
    shop = Shop.objects.create(
        name="Uddens glass", slug=slug, service_id=OTHER_SHOP, seller=other, terminal=terminal
    )
    for price in PRICES:
        names = {"name_sv": f"Glass {price}", "name_en": f"Ice cream {price}"}
        Product.objects.create(shop=shop, price=price, vat_rate="12.00", **names)
    pages = ("order", "success", "failure", "cancel")
    address = f"{settings.PUBLIC_BASE_URL}/{slug}"
    urls = {f"{page}_url": f"{address}/{page}" for page in pages}
    return {"service_id": OTHER_SHOP, "name": shop.name, "codes": [""], **urls}


def _add_terminal(seller: Seller, principal_id: str) -> Terminal:
    from orders.models import Terminal  # noqa: PLC0415

    terminal = Terminal(seller=seller, principal_id=principal_id, label=principal_id)
    terminal.password = PASSWORDS[principal_id]
    terminal.save()
    return terminal


def _replace(at: float) -> dict[str, Any]:
    from orders.audit import ChangeSource  # noqa: PLC0415
    from orders.clock import database_now  # noqa: PLC0415
    from orders.models import Order, Shop, SourceName, Terminal  # noqa: PLC0415
    from orders.models.order import OPEN_STATES  # noqa: PLC0415
    from payments.models import OPEN_STATUSES, Invoice  # noqa: PLC0415
    from payments.terminals import put_in_use  # noqa: PLC0415

    shop = Shop.objects.get(slug=FIRST_SHOP.lower())
    spare = Terminal.objects.get(principal_id=SPARE_TERMINAL)
    time.sleep(max(at - time.time(), 0))
    put_in_use(shop.pk, spare, ChangeSource(SourceName.OPERATOR))
    old = Invoice.objects.filter(terminal__principal_id=OLD_TERMINAL, status__in=OPEN_STATUSES)
    return {
        "at": database_now().isoformat(),
        "open_orders": Order.objects.filter(state__in=OPEN_STATES).count(),
        "open_invoices": old.count(),
    }


if __name__ == "__main__":
    main()
