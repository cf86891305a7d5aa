"""`manage.py renew_purchase_address`: replaces the secret in a shop's Instant Checkout address."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orders.models import Shop
from orders.services.instant_checkout import replace_key
from seqrshop.backoffice.page_addresses import page_address


class Command(BaseCommand):
    """Refuses purchases at the former address, for an operator whose secret has become known."""

    help = "Replace the secret in a shop's createPurchase address, and print the new address."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the shop's web address."""
        parser.add_argument("slug", help="the web address of the shop, such as lyktan")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Replace the secret. Raises CommandError for a shop that does not sell so."""
        shop = Shop.objects.filter(slug=options["slug"]).exclude(instant_checkout_key="").first()
        if shop is None:
            raise CommandError(f"No shop at {options['slug']} sells by Instant Checkout.")
        replace_key(shop)
        address = page_address(shop, "create_purchase", secret=shop.instant_checkout_key)
        self.stdout.write("Purchases at the former address are refused. Give SEQR this one:")
        self.stdout.write(address)
