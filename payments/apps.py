from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from payments.loyalty.hook import find_hook


class PaymentsConfig(AppConfig):
    name = "payments"
    verbose_name = _("Payments")

    def ready(self) -> None:
        register(check_loyalty_hook, "settings")


def check_loyalty_hook(**_arguments: object) -> list[CheckMessage]:
    """Report a LOYALTY_HOOK that cannot be called, before a customer waits for it."""
    try:
        find_hook()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="payments.E001")]
    return []
