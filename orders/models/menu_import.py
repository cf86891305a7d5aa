from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from orders.models.shop import Shop


class MenuImport(models.Model):
    """A menu that a person has uploaded for a shop, or copies to it, until it is applied.

    Each person has one for a shop at a time. `rows` are the file's rows: the number of each and its
    cells by column. With `copied_from`, the rows are those of that shop's menu.
    """

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    file_name = models.CharField(max_length=120, blank=True, default="")
    rows = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    prices_from = models.DateTimeField(null=True)
    copied_from = models.ForeignKey(Shop, models.CASCADE, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "made_by"], name="menu_import_once_per_shop_and_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.shop}: {self.copied_from or self.file_name}"
