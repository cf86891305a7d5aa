"""Django's admin with the shop's own site, for INSTALLED_APPS."""

from django.contrib.admin.apps import AdminConfig


class StaffAdminConfig(AdminConfig):
    """Django's admin, whose site signs the staff in by rules of its own."""

    default_site = "seqrshop.backoffice.site.StaffAdminSite"
