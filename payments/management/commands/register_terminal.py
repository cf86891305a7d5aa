"""`manage.py register_terminal`: registers a cash register with SEQR. Not for a web shop."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orders.models import Seller
from payments.management.passwords import read_password
from payments.management.terminal_commands import (
    CASH_REGISTER_WARNING,
    add_confirmation,
    add_password_file,
    errors_of_seqr,
    require_confirmation,
    require_text,
)
from payments.terminal_registration import register_terminal


class Command(BaseCommand):
    """Calls registerTerminal as a seller's reseller account, and prints the new terminal's ID."""

    help = "Register a cash register with SEQR (registerTerminal). " + CASH_REGISTER_WARNING

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add whose it is, its own ID, its name and its password."""
        parser.add_argument(
            "--seller",
            metavar="RESELLER_ID",
            help="the reseller ID at SEQR of the seller; needed if there are several sellers",
        )
        parser.add_argument(
            "--external-id", required=True, metavar="ID", help="your own ID of the cash register"
        )
        parser.add_argument("--name", required=True, help="the name that customers see")
        add_password_file(parser, "the new terminal's password, which you choose")
        add_confirmation(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Register, and print SEQR's ID."""
        external_id = require_text("--external-id", options["external_id"])
        name = require_text("--name", options["name"])
        seller = _seller(options["seller"])
        require_confirmation(self, options["yes"], CASH_REGISTER_WARNING)
        password = read_password(
            options["password_file"], "The new terminal's password", twice=True
        )
        with errors_of_seqr(
            f"If SEQR has a cash register {external_id}, its ID is unknown here: ask SEQR for it "
            "before you register another one."
        ):
            terminal_id = register_terminal(seller, external_id, password, name)
        self.stdout.write(
            f"Registered the cash register {external_id} of {seller}. SEQR's ID: {terminal_id}. "
            "Neither the ID nor the password is stored here. Keep both."
        )


def _seller(reseller_id: str | None) -> Seller:
    if reseller_id is not None:
        seller = Seller.objects.filter(reseller_id=reseller_id).first()
        if seller is None:
            raise CommandError(f"--seller: no seller has the reseller ID {reseller_id}.")
        return seller
    sellers = list(Seller.objects.all()[:2])
    if len(sellers) != 1:
        raise CommandError(
            "--seller: there are several sellers. Name one by its reseller ID."
            if sellers
            else "--seller: there is no seller yet. Set SEQR_RESELLER_ID, or add one in the admin."
        )
    return sellers[0]
