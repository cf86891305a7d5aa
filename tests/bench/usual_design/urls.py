"""The usual design's addresses: the same as the shop's."""

from django.urls import path

from tests.bench.usual_design import views

urlpatterns = [
    path("health/live", views.live),
    path("usual/order", views.order_page),
    path("usual/session", views.create_session),
    path("usual/orders", views.create_order),
    path("orders/<uuid:public_id>", views.show_order, name="order"),
    path("notify/<slug:key>", views.notify),
]
