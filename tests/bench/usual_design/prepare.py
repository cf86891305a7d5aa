"""Creates the usual design's tables and its menu: `python -m tests.bench.usual_design.prepare`."""

import os
from decimal import Decimal

import django
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.usual_design.settings")

PRODUCTS = 12


def main() -> None:
    """Create the tables, and as many products as a café has."""
    django.setup()
    call_command("migrate", verbosity=0, run_syncdb=True, interactive=False)
    from tests.bench.usual_design.models import Product  # noqa: PLC0415 - once Django is set up

    Product.objects.bulk_create(
        Product(name=f"Product {number}", price=Decimal(25 + number)) for number in range(PRODUCTS)
    )


if __name__ == "__main__":
    main()
