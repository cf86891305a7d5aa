"""Which address leads where."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("payments.urls")),
    path("", include("orders.urls")),  # last: it has the services' slugs
]

handler400 = "orders.views.errors.bad_request"
handler403 = "orders.views.errors.permission_denied"
handler404 = "orders.views.errors.page_not_found"
handler500 = "orders.views.errors.server_error"
