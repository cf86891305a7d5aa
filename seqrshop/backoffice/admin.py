"""Registers every ModelAdmin; Django's admin imports this module at start-up."""

from django.contrib import admin

from seqrshop.backoffice.case import MoneyCaseAdmin
from seqrshop.backoffice.event import EventAdmin
from seqrshop.backoffice.invoice import InvoiceAdmin
from seqrshop.backoffice.loyalty_card import LoyaltyCardAdmin
from seqrshop.backoffice.order import OrderAdmin
from seqrshop.backoffice.period import PeriodRowAdmin, TransactionPeriodAdmin
from seqrshop.backoffice.poll_shard import PollShardAdmin
from seqrshop.backoffice.product import ProductAdmin
from seqrshop.backoffice.qr_code import QrCodeAdmin
from seqrshop.backoffice.refund import RefundAdmin
from seqrshop.backoffice.shop import ShopAdmin

admin.site.site_header = admin.site.site_title = "seqrshop"
admin.site.site_url = None  # each shop has its own first page
admin.site.enable_nav_sidebar = False  # the width shows both references in a list

__all__ = [
    "EventAdmin",
    "InvoiceAdmin",
    "LoyaltyCardAdmin",
    "MoneyCaseAdmin",
    "OrderAdmin",
    "PeriodRowAdmin",
    "PollShardAdmin",
    "ProductAdmin",
    "QrCodeAdmin",
    "RefundAdmin",
    "ShopAdmin",
    "TransactionPeriodAdmin",
]
