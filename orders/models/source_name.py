from django.db import models
from django.utils.translation import gettext_lazy as _


class SourceName(models.TextChoices):
    """Who or what causes a change, with its label for the staff."""

    CUSTOMER = "customer", _("customer")
    STAFF = "staff", _("staff")
    SIGN_IN = "sign_in", _("sign-in page")
    OPERATOR = "operator", _("operator")
    PAGE = "page", _("the customer's page")
    NOTIFICATION = "notification", _("SEQR's notification")
    POLLER = "poller", _("poller")
    RECOVERY = "recovery", _("recovery")
    PROBE = "probe", _("probe")
    SEND_INVOICE = "send_invoice", _("invoice sending")
    SEND_REFUND = "send_refund", _("refund sending")
    SUBMIT_RECEIPT = "submit_receipt", _("receipt submission")
    LOYALTY_ANSWER = "loyalty_answer", _("loyalty answer")
    RECONCILIATION = "reconciliation", _("reconciliation")
    SCHEDULE = "schedule", _("scheduled export")
    RETENTION = "retention", _("end of the retention period")
