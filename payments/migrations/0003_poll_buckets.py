import django.db.models.functions.math
from django.db import migrations, models


class Migration(migrations.Migration):
    """The pollers write their shards' rows anew within seconds."""

    dependencies = [
        ('payments', '0002_duplicates_and_stuck_cancels'),
    ]

    operations = [
        migrations.DeleteModel(
            name='PollShard',
        ),
        migrations.CreateModel(
            name='PollShard',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='number')),
                ('count', models.PositiveSmallIntegerField()),
                ('round_started_at', models.DateTimeField(verbose_name='last check started')),
                ('oldest_answer_at', models.DateTimeField(help_text='SEQR has answered about every open payment since then.', verbose_name='oldest answer from SEQR')),
            ],
            options={
                'verbose_name': 'payment check',
                'verbose_name_plural': 'payment checks',
                'ordering': ['count', 'number'],
                'constraints': [models.UniqueConstraint(fields=('count', 'number'), name='poll_shard_once')],
            },
        ),
        migrations.AddField(
            model_name='invoice',
            name='poll_bucket',
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(
                        models.Q(
                            models.Q(
                                ('status__in', ('ISSUED', 'PENDING_ISSUER_ACKNOWLEDGE', 'RESERVED', 'PARTIALLY_PAID', 'NEEDS_ATTENTION', 'CANCEL_PENDING')),
                                models.Q(('acknowledged_at__isnull', True), ('status', 'PAID')),
                                _connector='OR',
                            ),
                            ('invoice_reference__isnull', False),
                        ),
                        then=django.db.models.functions.math.Mod('id', 64),
                    ),
                ),
                null=True,
                output_field=models.PositiveSmallIntegerField(null=True),
            ),
        ),
        migrations.RemoveIndex(
            model_name='invoice',
            name='invoice_unacknowledged',
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(condition=models.Q(('poll_bucket__isnull', False)), fields=['poll_bucket'], name='invoice_by_poll_bucket'),
        ),
    ]
