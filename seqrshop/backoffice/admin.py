"""Registers every ModelAdmin; Django's admin imports this module at start-up."""

from django.contrib import admin
from django.contrib.auth.models import Group, User

from seqrshop import __version__
from seqrshop.backoffice.accounts import StaffGroupAdmin
from seqrshop.backoffice.audit_event import AuditEventAdmin
from seqrshop.backoffice.exports.account_plan import AccountPlanAdmin
from seqrshop.backoffice.exports.schedule import ExportScheduleAdmin
from seqrshop.backoffice.invoice import InvoiceAdmin
from seqrshop.backoffice.loyalty_card import LoyaltyCardAdmin
from seqrshop.backoffice.money_case import MoneyCaseAdmin
from seqrshop.backoffice.option import OptionAdmin, OptionGroupAdmin
from seqrshop.backoffice.order import OrderAdmin
from seqrshop.backoffice.people.user_page import StaffUserAdmin
from seqrshop.backoffice.poll_shard import PollShardAdmin
from seqrshop.backoffice.product import ProductAdmin
from seqrshop.backoffice.qr_code import QrCodeAdmin
from seqrshop.backoffice.refund import RefundAdmin
from seqrshop.backoffice.seller import SellerAdmin
from seqrshop.backoffice.shop import ShopAdmin
from seqrshop.backoffice.terminal import TerminalAdmin
from seqrshop.backoffice.transaction_period import PeriodRowAdmin, TransactionPeriodAdmin

admin.site.site_title = "seqrshop"
admin.site.site_header = f"seqrshop {__version__}"
admin.site.site_url = None  # each shop has a site of its own
admin.site.enable_nav_sidebar = False  # a list with both references needs the width

admin.site.unregister(User)
admin.site.unregister(Group)
admin.site.register(User, StaffUserAdmin)
admin.site.register(Group, StaffGroupAdmin)

__all__ = [
    "AccountPlanAdmin",
    "AuditEventAdmin",
    "ExportScheduleAdmin",
    "InvoiceAdmin",
    "LoyaltyCardAdmin",
    "MoneyCaseAdmin",
    "OptionAdmin",
    "OptionGroupAdmin",
    "OrderAdmin",
    "PeriodRowAdmin",
    "PollShardAdmin",
    "ProductAdmin",
    "QrCodeAdmin",
    "RefundAdmin",
    "SellerAdmin",
    "ShopAdmin",
    "TerminalAdmin",
    "TransactionPeriodAdmin",
]
