"""The addresses of the back office's own pages, below /staff/."""

from django.contrib.admin import site
from django.urls import path

from seqrshop.backoffice.people.roles_page import roles_page
from seqrshop.backoffice.search_page import search_page
from seqrshop.backoffice.today.page import today_parts

app_name = "staff"
urlpatterns = [
    path("search", site.admin_view(search_page), name="search"),
    path("today", site.admin_view(today_parts), name="today"),
    path("roles", site.admin_view(roles_page), name="roles"),
]
