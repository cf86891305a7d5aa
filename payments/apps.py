from collections.abc import Sequence

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from payments.loyalty.hook import find_hook


class PaymentsConfig(AppConfig):
    name = "payments"
    verbose_name = _("Payments")

    def ready(self) -> None:
        register(check_loyalty_hook, "settings")
        register(check_encryption_keys, Tags.database)


def check_loyalty_hook(**_arguments: object) -> list[CheckMessage]:
    """Report a LOYALTY_HOOK that cannot be called, before a customer waits for it."""
    try:
        find_hook()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="payments.E001")]
    return []


def check_encryption_keys(
    *, databases: Sequence[str] | None = None, **_arguments: object
) -> list[CheckMessage]:
    """Report a stored password that no key decrypts, unless the database is not to be read."""
    from payments.stored_passwords import (  # noqa: PLC0415 - models load after the apps
        UnreadablePasswords,
        check_stored_passwords,
    )

    if not databases:
        return []
    try:
        check_stored_passwords()
    except UnreadablePasswords as error:
        return [Error(str(error), id="payments.E002")]
    return []
