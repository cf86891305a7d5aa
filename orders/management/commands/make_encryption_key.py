"""`manage.py make_encryption_key`: prints a key for ENCRYPTION_KEYS."""

from typing import Any

from cryptography.fernet import Fernet
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Prints a new random key; it changes nothing."""

    help = "Print a new key for ENCRYPTION_KEYS."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Print a key."""
        self.stdout.write(Fernet.generate_key().decode())
