"""The addresses of the back office's own pages, below /staff/."""

from django.contrib.admin import site
from django.urls import path, register_converter

from seqrshop.backoffice.bulk import pages as bulk
from seqrshop.backoffice.closing import day_page
from seqrshop.backoffice.closing.day_converter import DayConverter
from seqrshop.backoffice.closing.days_page import days_page
from seqrshop.backoffice.codes import print_pages
from seqrshop.backoffice.codes.tables_page import tables_page
from seqrshop.backoffice.customers import pages as customers
from seqrshop.backoffice.dashboard.page import dashboard_page
from seqrshop.backoffice.exports.page import exports_page
from seqrshop.backoffice.kitchen import pages, requests
from seqrshop.backoffice.people import invitation_pages, security_pages
from seqrshop.backoffice.people.roles_page import roles_page
from seqrshop.backoffice.search_page import search_page
from seqrshop.backoffice.today.page import today_parts

register_converter(DayConverter, "day")

app_name = "staff"
urlpatterns = [
    path("search", site.admin_view(search_page), name="search"),
    path("today", site.admin_view(today_parts), name="today"),
    path("dashboard", site.admin_view(dashboard_page), name="dashboard"),
    path("kitchen", site.admin_view(pages.choose_shop), name="kitchen"),
    path("kitchen/<slug:slug>", site.admin_view(pages.board_page), name="kitchen_board"),
    path("kitchen/<slug:slug>/board", requests.board, name="kitchen_orders"),
    path("kitchen/<slug:slug>/events", requests.board_events, name="kitchen_events"),
    path("kitchen/<slug:slug>/pause", requests.pause, name="kitchen_pause"),
    path("kitchen/<slug:slug>/orders/<int:order_id>", requests.change_step, name="kitchen_step"),
    path("closing", site.admin_view(days_page), name="closing"),
    path("closing/<slug:slug>/<day:day>", site.admin_view(day_page.day_page), name="closing_day"),
    path("closing/<slug:slug>/<day:day>/sign", site.admin_view(day_page.sign), name="closing_sign"),
    path(
        "closing/<slug:slug>/<day:day>/reopen",
        site.admin_view(day_page.reopen),
        name="closing_reopen",
    ),
    path("closing/<slug:slug>/<day:day>/pdf", site.admin_view(day_page.pdf), name="closing_pdf"),
    path("bulk", site.admin_view(bulk.jobs_page), name="bulk_jobs"),
    path("bulk/<int:job_id>", site.admin_view(bulk.job_page), name="bulk_job"),
    path("bulk/<int:job_id>/start", site.admin_view(bulk.start_page), name="bulk_start"),
    path("bulk/<int:job_id>/stop", site.admin_view(bulk.stop_page), name="bulk_stop"),
    path("customers", site.admin_view(customers.lookup_page), name="customers"),
    path("customers/<int:customer_id>", site.admin_view(customers.customer_page), name="customer"),
    path(
        "customers/<int:customer_id>/export",
        site.admin_view(customers.export),
        name="customer_export",
    ),
    path(
        "customers/<int:customer_id>/erase",
        site.admin_view(customers.erase_page),
        name="customer_erase",
    ),
    path("privacy", site.admin_view(customers.kept_page), name="kept"),
    path("codes/tables", site.admin_view(tables_page), name="tables"),
    path("codes/print", site.admin_view(print_pages.print_files_page), name="print_files"),
    path(
        "codes/print/<int:file_id>",
        site.admin_view(print_pages.print_file_page),
        name="print_file",
    ),
    path(
        "codes/print/<int:file_id>/file",
        site.admin_view(print_pages.download_page),
        name="print_file_download",
    ),
    path(
        "codes/print/<int:file_id>/printed",
        site.admin_view(print_pages.printed_page),
        name="print_file_printed",
    ),
    path("exports", site.admin_view(exports_page), name="exports"),
    path("roles", site.admin_view(roles_page), name="roles"),
    path("invitation", invitation_pages.accept_page, name="invitation"),
    path("second-factor", security_pages.second_factor_page, name="second_factor"),
    path("security", security_pages.security_page, name="security"),
    path("security/app", security_pages.add_app_page, name="add_app"),
    path("security/passkey", security_pages.add_passkey_page, name="add_passkey"),
    path("security/codes", security_pages.new_codes, name="new_codes"),
    path("security/sign-in-again", security_pages.sign_in_again, name="sign_in_again"),
    path("security/remove", security_pages.remove_factor, name="remove_factor"),
]
