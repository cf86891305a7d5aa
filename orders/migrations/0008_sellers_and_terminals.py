import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import migrations, models

import orders.validators
from orders.encryption import encrypt


def store_terminal_of_settings(apps, _editor):
    """Store the seller and the terminal that the existing shops have had by the settings."""
    shops = apps.get_model("orders", "Shop").objects
    if not shops.exists():
        return
    if not settings.SEQR_TERMINAL_ID:
        raise ImproperlyConfigured(
            "SEQR_TERMINAL_ID is missing: the shops in the database keep their terminal by it."
        )
    seller = apps.get_model("orders", "Seller").objects.create(
        reseller_id=settings.SEQR_RESELLER_ID,
        reseller_user_id=settings.SEQR_RESELLER_USER_ID,
        reseller_password_ciphertext=encrypt(settings.SEQR_RESELLER_PASSWORD),
    )
    terminal = apps.get_model("orders", "Terminal").objects.create(
        seller=seller,
        principal_id=settings.SEQR_TERMINAL_ID,
        password_ciphertext=encrypt(settings.SEQR_TERMINAL_PASSWORD),
        is_from_settings=True,
    )
    shops.update(seller=seller, terminal=terminal)


class Migration(migrations.Migration):
    dependencies = [("orders", "0007_refund_hold_events")]

    operations = [
        migrations.CreateModel(
            name="Seller",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("legal_name", models.CharField(max_length=100, verbose_name="legal name")),
                ("organisation_number", models.CharField(help_text="Ten digits, such as 556677-8899.", max_length=11, validators=[orders.validators.validate_organisation_number], verbose_name="organisation number")),
                ("vat_number", models.CharField(blank=True, default="", help_text="SE, the organisation number and 01. Empty if the seller is not registered.", max_length=14, validators=[orders.validators.validate_vat_number], verbose_name="VAT number")),
                ("street", models.CharField(blank=True, default="", max_length=100, verbose_name="street")),
                ("postal_code", models.CharField(blank=True, default="", max_length=10, verbose_name="postal code")),
                ("city", models.CharField(blank=True, default="", max_length=60, verbose_name="town")),
                ("reseller_id", models.CharField(error_messages={"unique": "Another seller has this reseller account."}, max_length=200, unique=True, verbose_name="reseller ID at SEQR")),
                ("reseller_user_id", models.CharField(default="9900", max_length=200, verbose_name="user ID in the reseller account")),
                ("reseller_password_ciphertext", models.TextField(blank=True, default="", editable=False)),
            ],
            options={"verbose_name": "seller", "verbose_name_plural": "sellers", "ordering": ["legal_name", "pk"]},
        ),
        migrations.CreateModel(
            name="Terminal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("principal_id", models.CharField(error_messages={"unique": "This terminal has been added already."}, max_length=200, unique=True, verbose_name="terminal ID at SEQR")),
                ("label", models.CharField(help_text="Shown to staff, such as “Södermalm, till 1”.", max_length=60, verbose_name="label")),
                ("password_ciphertext", models.TextField(blank=True, default="", editable=False)),
                ("added_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="in use from")),
                ("retired_at", models.DateTimeField(editable=False, null=True, verbose_name="in use until")),
                ("is_from_settings", models.BooleanField(default=False, editable=False)),
                ("seller", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="terminals", to="orders.seller", verbose_name="seller")),
            ],
            options={
                "verbose_name": "terminal",
                "verbose_name_plural": "terminals",
                "ordering": ["label", "pk"],
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("is_from_settings", True)), fields=("is_from_settings",), name="terminal_from_settings_once"),
                    models.CheckConstraint(condition=models.Q(("retired_at", None), ("password_ciphertext", ""), _connector="OR"), name="terminal_retired_has_no_password"),
                ],
            },
        ),
        migrations.AddField(
            model_name="shop",
            name="seller",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="shops", to="orders.seller", verbose_name="seller"),
        ),
        migrations.AddField(
            model_name="shop",
            name="terminal",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="shops", to="orders.terminal", verbose_name="terminal"),
        ),
        migrations.RunPython(store_terminal_of_settings, migrations.RunPython.noop),
    ]
