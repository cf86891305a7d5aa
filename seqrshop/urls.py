"""The project's URLs: the back office, then the storefront. Errors are answered by the same two."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from seqrshop.backoffice.people import error_pages as staff_pages
from seqrshop.storefront import error_pages as customer_pages

urlpatterns = [
    path("admin/", admin.site.urls),
    path("staff/", include("seqrshop.backoffice.urls")),
    path("", include("seqrshop.storefront.urls")),  # last: its paths begin with a shop's slug
]

handler400 = "seqrshop.storefront.error_pages.bad_request"
handler403 = "seqrshop.urls.permission_denied"
handler404 = "seqrshop.urls.page_not_found"
handler500 = "seqrshop.storefront.error_pages.server_error"


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the response to a forbidden request (handler403)."""
    if staff_pages.is_staff_page(request):
        return staff_pages.forbidden(request, exception)
    return customer_pages.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the response for an unknown address (handler404)."""
    if staff_pages.is_staff_page(request):
        return staff_pages.not_found(request)
    return customer_pages.page_not_found(request, exception)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the response to a request without a valid CSRF token (CSRF_FAILURE_VIEW)."""
    if staff_pages.is_staff_page(request):
        return staff_pages.csrf_failed(request)
    return customer_pages.csrf_failure(request, reason)
