from django.db import models

from orders.models.shop import Shop


class MenuVersion(models.Model):
    """The version of a shop's menu: another one after each change of the menu.

    Triggers of its products, categories and options renew it when their change is committed
    (docs/adr/0047). A version never comes back, also not in a restored database. A shop whose menu
    has not changed since it was made has none.
    """

    shop = models.OneToOneField(Shop, models.CASCADE, primary_key=True, related_name="menu_version")
    version = models.UUIDField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.version)
