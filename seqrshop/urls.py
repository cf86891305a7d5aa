"""Which address leads where."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("seqrshop.storefront.urls")),  # last: it has the shops' slugs
]

handler400 = "seqrshop.storefront.error_pages.bad_request"
handler403 = "seqrshop.storefront.error_pages.permission_denied"
handler404 = "seqrshop.storefront.error_pages.page_not_found"
handler500 = "seqrshop.storefront.error_pages.server_error"
