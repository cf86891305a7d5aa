"""The project's URLs: the admin, then the storefront."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("seqrshop.storefront.urls")),  # last: its paths begin with a shop's slug
]

handler400 = "seqrshop.storefront.error_pages.bad_request"
handler403 = "seqrshop.storefront.error_pages.permission_denied"
handler404 = "seqrshop.storefront.error_pages.page_not_found"
handler500 = "seqrshop.storefront.error_pages.server_error"
