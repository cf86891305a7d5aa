import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Add account plans, and scheduled exports with their deliveries."""

    dependencies = [
        ("orders", "0020_usual_time"),
        ("payments", "0020_activity"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountPlan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "receivable_account",
                    models.CharField(
                        default="1580",
                        help_text="What SEQR owes for the payments until it has paid them out.",
                        max_length=4,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[1-8][0-9]{3}\\Z", "An account has four digits, 1000–8999."
                            )
                        ],
                        verbose_name="owed by SEQR",
                    ),
                ),
                (
                    "tips_account",
                    models.CharField(
                        default="2890",
                        help_text="Tips belong to the staff: a debt until they are paid out.",
                        max_length=4,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[1-8][0-9]{3}\\Z", "An account has four digits, 1000–8999."
                            )
                        ],
                        verbose_name="tips",
                    ),
                ),
                (
                    "rounding_account",
                    models.CharField(
                        default="3740",
                        help_text="A difference of less than 1.00 between a day's sums.",
                        max_length=4,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[1-8][0-9]{3}\\Z", "An account has four digits, 1000–8999."
                            )
                        ],
                        verbose_name="rounding",
                    ),
                ),
                (
                    "series",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="Empty: the accounting program chooses the series.",
                        max_length=10,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Za-z0-9]*\\Z", "A series has letters A to Z and digits only."
                            )
                        ],
                        verbose_name="voucher series",
                    ),
                ),
                (
                    "first_month",
                    models.PositiveSmallIntegerField(
                        default=1,
                        help_text="1 for January to 12 for December.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(12),
                        ],
                        verbose_name="first month of the financial year",
                    ),
                ),
                (
                    "seller",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="account_plan",
                        to="orders.seller",
                        verbose_name="seller",
                    ),
                ),
            ],
            options={
                "verbose_name": "account plan",
                "verbose_name_plural": "account plans",
                "ordering": ["seller__legal_name", "pk"],
                "default_permissions": ("change", "view"),
            },
        ),
        migrations.CreateModel(
            name="ExportSchedule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "content",
                    models.CharField(
                        choices=[
                            ("orders", "Orders"),
                            ("rows", "Order rows"),
                            ("payments", "Payments"),
                            ("refunds", "Refunds"),
                            ("receipts", "Receipts and VAT"),
                            ("cases", "Payment cases"),
                            ("vat", "VAT by rate and day"),
                            ("sie", "Vouchers for the accounts (SIE 4)"),
                        ],
                        max_length=10,
                        verbose_name="content",
                    ),
                ),
                (
                    "file_format",
                    models.CharField(
                        choices=[("csv", "CSV"), ("xlsx", "Excel")],
                        default="csv",
                        help_text="Vouchers always have the format of SIE.",
                        max_length=4,
                        verbose_name="format",
                    ),
                ),
                (
                    "frequency",
                    models.CharField(
                        choices=[
                            ("daily", "each day"),
                            ("weekly", "each week, Monday to Sunday"),
                            ("monthly", "each month"),
                        ],
                        default="monthly",
                        max_length=7,
                        verbose_name="frequency",
                    ),
                ),
                (
                    "recipient",
                    models.EmailField(
                        blank=True,
                        default="",
                        help_text="An e-mail address; empty for an export to a folder.",
                        max_length=254,
                        verbose_name="recipient",
                    ),
                ),
                (
                    "folder",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="A folder below EXPORT_DIR, such as accounts/lyktan; empty for a mail.",
                        max_length=100,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*\\Z",
                                "A folder has letters A to Z, digits, - and _, with / between its parts.",
                            )
                        ],
                        verbose_name="folder",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Once active again, the periods meanwhile are exported, too.",
                        verbose_name="active",
                    ),
                ),
                ("next_first", models.DateField(editable=False, verbose_name="next period begins")),
                ("language", models.CharField(default="sv", editable=False, max_length=10)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="created",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="created by",
                    ),
                ),
                (
                    "seller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="export_schedules",
                        to="orders.seller",
                        verbose_name="seller",
                    ),
                ),
                (
                    "shops",
                    models.ManyToManyField(
                        blank=True,
                        help_text="None: all shops of the seller.",
                        related_name="export_schedules",
                        to="orders.shop",
                        verbose_name="shops",
                    ),
                ),
            ],
            options={
                "verbose_name": "scheduled export",
                "verbose_name_plural": "scheduled exports",
                "ordering": ["-id"],
                "permissions": [("export_books", "Can export orders, payments and VAT")],
                "default_permissions": ("add", "change", "view"),
            },
        ),
        migrations.CreateModel(
            name="ExportDelivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("first", models.DateField(verbose_name="from")),
                ("last", models.DateField(verbose_name="to")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("WAITING", "waiting"),
                            ("WRITTEN", "written"),
                            ("DELIVERED", "delivered"),
                        ],
                        default="WAITING",
                        max_length=9,
                        verbose_name="status",
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="attempts")),
                ("lease_until", models.DateTimeField(null=True, verbose_name="next attempt")),
                ("part", models.CharField(blank=True, default="", max_length=200)),
                (
                    "last_error",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="latest error"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="created"
                    ),
                ),
                ("delivered_at", models.DateTimeField(null=True, verbose_name="delivered")),
                (
                    "schedule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="payments.exportschedule",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
                "ordering": ["-id"],
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="VatAccounts",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "vat_rate",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=4,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            django.core.validators.MaxValueValidator(Decimal("99")),
                        ],
                        verbose_name="VAT rate (%)",
                    ),
                ),
                (
                    "sales_account",
                    models.CharField(
                        max_length=4,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[1-8][0-9]{3}\\Z", "An account has four digits, 1000–8999."
                            )
                        ],
                        verbose_name="sales",
                    ),
                ),
                (
                    "vat_account",
                    models.CharField(
                        blank=True,
                        default="",
                        max_length=4,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[1-8][0-9]{3}\\Z", "An account has four digits, 1000–8999."
                            )
                        ],
                        verbose_name="output VAT",
                    ),
                ),
                (
                    "refund_account",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="Empty: the account of the sales.",
                        max_length=4,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[1-8][0-9]{3}\\Z", "An account has four digits, 1000–8999."
                            )
                        ],
                        verbose_name="refunds",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rates",
                        to="payments.accountplan",
                    ),
                ),
            ],
            options={
                "verbose_name": "VAT rate",
                "verbose_name_plural": "VAT rates",
                "ordering": ["-vat_rate"],
                "default_permissions": (),
            },
        ),
        migrations.AddConstraint(
            model_name="accountplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_month__gte", 1), ("first_month__lte", 12)),
                name="account_plan_first_month",
            ),
        ),
        migrations.AddConstraint(
            model_name="exportschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("recipient", ""), ("folder", ""), _connector="XOR"),
                name="export_by_mail_or_to_folder",
                violation_error_message="Give either a recipient or a folder.",
            ),
        ),
        migrations.AddConstraint(
            model_name="exportschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "content__in",
                        [
                            "orders",
                            "rows",
                            "payments",
                            "refunds",
                            "receipts",
                            "cases",
                            "vat",
                            "sie",
                        ],
                    )
                ),
                name="export_content_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="exportschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("frequency__in", ["daily", "weekly", "monthly"])),
                name="export_frequency_known",
            ),
        ),
        migrations.AddIndex(
            model_name="exportdelivery",
            index=models.Index(
                condition=models.Q(("status", "DELIVERED"), _negated=True),
                fields=["id"],
                name="delivery_to_make",
            ),
        ),
        migrations.AddConstraint(
            model_name="exportdelivery",
            constraint=models.UniqueConstraint(
                fields=("schedule", "first"), name="delivery_once_per_period"
            ),
        ),
        migrations.AddConstraint(
            model_name="exportdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["WAITING", "WRITTEN", "DELIVERED"])),
                name="delivery_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="exportdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "WRITTEN"), _negated=True),
                    models.Q(("part", ""), _negated=True),
                    _connector="OR",
                ),
                name="delivery_written_has_part",
            ),
        ),
        migrations.AddConstraint(
            model_name="vataccounts",
            constraint=models.UniqueConstraint(
                fields=("plan", "vat_rate"),
                name="vat_accounts_once_per_rate",
                violation_error_message="This VAT rate has its accounts already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="vataccounts",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("vat_rate", 0), models.Q(("vat_account", ""), _negated=True), _connector="OR"
                ),
                name="vat_accounts_complete",
                violation_error_message="Give the account of the output VAT.",
            ),
        ),
    ]
