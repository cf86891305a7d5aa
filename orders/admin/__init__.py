"""The support desk's screen for services, products, codes, orders and the audit."""

from django.contrib import admin

from orders.admin.event import EventAdmin
from orders.admin.order import OrderAdmin
from orders.admin.product import ProductAdmin
from orders.admin.qr_code import QrCodeAdmin
from orders.admin.service import ServiceAdmin

admin.site.site_header = admin.site.site_title = "seqrshop"
admin.site.site_url = None  # there is no first page for everybody; each service has its own
admin.site.enable_nav_sidebar = False  # its width is better spent on both references in a list

__all__ = ["EventAdmin", "OrderAdmin", "ProductAdmin", "QrCodeAdmin", "ServiceAdmin"]
