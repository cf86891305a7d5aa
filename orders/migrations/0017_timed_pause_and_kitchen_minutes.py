import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0016_search_ends'),
    ]

    operations = [
        migrations.AddField(
            model_name='shop',
            name='kitchen_amber_minutes',
            field=models.PositiveSmallIntegerField(default=8, help_text='From the payment until the order is served, on the kitchen board.', validators=[django.core.validators.MinValueValidator(1)], verbose_name='amber after (minutes)'),
        ),
        migrations.AddField(
            model_name='shop',
            name='kitchen_red_minutes',
            field=models.PositiveSmallIntegerField(default=15, verbose_name='red after (minutes)'),
        ),
        migrations.AddField(
            model_name='shop',
            name='paused_until',
            field=models.DateTimeField(editable=False, null=True, verbose_name='paused until'),
        ),
        migrations.AddConstraint(
            model_name='shop',
            constraint=models.CheckConstraint(condition=models.Q(('kitchen_red_minutes__gt', models.F('kitchen_amber_minutes'))), name='shop_kitchen_red_after_amber', violation_error_message='Red must come after amber.'),
        ),
    ]
