"""The address that SEQR calls."""

from django.urls import path

from payments import views

urlpatterns = [path("notify/<slug:secret>", views.notify, name="notify")]
