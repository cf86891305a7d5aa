"""The addresses of the back office's own pages, below /staff/."""

from django.contrib.admin import site
from django.urls import path

from seqrshop.backoffice.people.roles_page import roles_page

app_name = "staff"
urlpatterns = [
    path("roles", site.admin_view(roles_page), name="roles"),
]
