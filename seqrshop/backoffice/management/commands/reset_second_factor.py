"""`manage.py reset_second_factor`: lets a person in who has lost the factor and every code."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from orders.audit import ChangeSource
from orders.models import SourceName
from seqrshop.backoffice.people.second_factor import reset


class Command(BaseCommand):
    """Removes a person's factors, for the operator of a shop whose only owner is locked out."""

    help = "Remove the authenticator app, passkeys and recovery codes of a member of staff."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the person's user name."""
        parser.add_argument("username", help="the user name of the person")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Reset the person's second factor. Raises CommandError for an unknown user name."""
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"No user is named {options['username']}.")
        reset(user, ChangeSource(SourceName.OPERATOR))
        self.stdout.write(f"The second factor of {user} is removed. The password still works.")
