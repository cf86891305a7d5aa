"""The models of shops, products, customers, orders and the audit."""

from orders.models.audit_digest import AuditDigest
from orders.models.audit_event import AuditEvent
from orders.models.audited import AuditedModel, AuditSubject, SubjectType
from orders.models.customer import Customer, CustomerSession
from orders.models.event_name import EventName
from orders.models.opening_hours import OpeningHours
from orders.models.order import Order, OrderRow, OrderState
from orders.models.picture import Picture
from orders.models.product import Category, Product
from orders.models.seller import Seller
from orders.models.shop import QrCode, Shop
from orders.models.source_name import SourceName
from orders.models.staff_access import StaffAccess
from orders.models.terminal import Terminal

__all__ = [
    "AuditDigest",
    "AuditEvent",
    "AuditSubject",
    "AuditedModel",
    "Category",
    "Customer",
    "CustomerSession",
    "EventName",
    "OpeningHours",
    "Order",
    "OrderRow",
    "OrderState",
    "Picture",
    "Product",
    "QrCode",
    "Seller",
    "Shop",
    "SourceName",
    "StaffAccess",
    "SubjectType",
    "Terminal",
]
