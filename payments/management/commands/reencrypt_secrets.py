"""`manage.py reencrypt_secrets`: encrypts the stored passwords with the first encryption key."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from payments.stored_passwords import (
    UnreadablePasswords,
    forget_unreadable_passwords,
    reencrypt_passwords,
)


class Command(BaseCommand):
    """Replaces the ciphertexts of former keys; the passwords stay as they are."""

    help = (
        "Encrypt every stored password with the first key of ENCRYPTION_KEYS, so that the others "
        "can be removed. The shop's processes may run meanwhile."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the option for a lost key."""
        parser.add_argument(
            "--forget-unreadable",
            action="store_true",
            help="erase the passwords whose key is lost, so that the shop starts and they can be "
            "entered again",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Encrypt, and report how many."""
        if options["forget_unreadable"]:
            for owner in forget_unreadable_passwords():
                self.stdout.write(f"Erased the password of {owner}")
        try:
            result = reencrypt_passwords()
        except UnreadablePasswords as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"Passwords encrypted with the first key: {result.changed} now, "
            f"{result.unchanged} before"
        )
