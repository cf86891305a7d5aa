"""The models of shops, products, customers, orders, staff and the audit."""

from orders.models.audit_digest import AuditDigest
from orders.models.audit_event import AuditEvent
from orders.models.audit_pruning import AuditPruning
from orders.models.audited import AuditedModel, AuditSubject, SubjectType
from orders.models.code_scans import CodeScans, ScanCursor
from orders.models.customer import Customer, CustomerSession
from orders.models.delivery import Delivery
from orders.models.event_name import EventName
from orders.models.food import Allergen, Diet
from orders.models.invitation import Invitation
from orders.models.menu_import import MenuImport
from orders.models.menu_version import MenuVersion
from orders.models.opening_hours import OpeningException, OpeningHours, PlannedPause
from orders.models.option import Option, OptionGroup
from orders.models.order import Order, OrderRow, OrderState, RowKind
from orders.models.picture import Picture
from orders.models.price_change import PriceChange
from orders.models.print_file import PrintFile, PrintFileStatus, PrintLayout
from orders.models.product import Category, Dining, Product
from orders.models.qr_code import CodeRevision, QrCode, RevisionReason
from orders.models.second_factor import Passkey, SecondFactor
from orders.models.seller import Seller
from orders.models.shop import Shop
from orders.models.source_name import SourceName
from orders.models.staff_access import StaffAccess
from orders.models.terminal import Terminal

__all__ = [
    "Allergen",
    "AuditDigest",
    "AuditEvent",
    "AuditPruning",
    "AuditSubject",
    "AuditedModel",
    "Category",
    "CodeRevision",
    "CodeScans",
    "Customer",
    "CustomerSession",
    "Delivery",
    "Diet",
    "Dining",
    "EventName",
    "Invitation",
    "MenuImport",
    "MenuVersion",
    "OpeningException",
    "OpeningHours",
    "Option",
    "OptionGroup",
    "Order",
    "OrderRow",
    "OrderState",
    "Passkey",
    "Picture",
    "PlannedPause",
    "PriceChange",
    "PrintFile",
    "PrintFileStatus",
    "PrintLayout",
    "Product",
    "QrCode",
    "RevisionReason",
    "RowKind",
    "ScanCursor",
    "SecondFactor",
    "Seller",
    "Shop",
    "SourceName",
    "StaffAccess",
    "SubjectType",
    "Terminal",
]
