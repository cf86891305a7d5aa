import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def give_staff_all_shops(apps, _editor):
    """Give every existing member of staff all shops, which they have had so far."""
    users = apps.get_model("auth", "User").objects.filter(is_staff=True)
    access = apps.get_model("orders", "StaffAccess")
    access.objects.bulk_create(access(user=user, all_shops=True) for user in users)


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("orders", "0009_shops_have_a_terminal"),
    ]

    operations = [
        migrations.CreateModel(
            name="StaffAccess",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("all_shops", models.BooleanField(default=False, help_text="Shops that are added later, too.", verbose_name="all shops")),
                ("shops", models.ManyToManyField(blank=True, related_name="+", to="orders.shop", verbose_name="only these shops")),
                ("user", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="staff_access", to=settings.AUTH_USER_MODEL, verbose_name="user")),
            ],
            options={
                "verbose_name": "shops of the user",
                "verbose_name_plural": "shops of the user",
                "default_permissions": (),
            },
        ),
        migrations.RunPython(give_staff_all_shops, migrations.RunPython.noop),
    ]
