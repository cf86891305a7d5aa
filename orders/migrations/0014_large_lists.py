import django.db.models.deletion
import orders.models.order
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0013_overlong_answers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='auditevent',
            name='actor',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='user'),
        ),
        migrations.AlterField(
            model_name='order',
            name='customer',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='orders.customer', verbose_name='customer'),
        ),
        migrations.AlterField(
            model_name='order',
            name='return_key',
            field=models.CharField(default=orders.models.order._return_key, editable=False, max_length=32),
        ),
        migrations.AlterField(
            model_name='order',
            name='shop',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='orders.shop', verbose_name='shop'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(condition=models.Q(('actor__isnull', False)), fields=['actor'], name='event_of_actor'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['shop', 'id'], name='order_of_shop'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('state__in', ('created', 'sending', 'awaiting_payment', 'cancel_pending')), _negated=True), fields=['state', 'id'], name='order_ended'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(fields=('return_key',), name='order_return_key_once'),
        ),
    ]
