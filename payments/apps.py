import sys

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from payments.loyalty.hook import find_hook


class PaymentsConfig(AppConfig):
    name = "payments"
    verbose_name = _("Payments")

    def ready(self) -> None:
        """Stop a process whose LOYALTY_HOOK could not be asked, before a customer waits for it."""
        try:
            find_hook()
        except ImproperlyConfigured as error:
            sys.exit(f"seqrshop cannot start: {error}")
