from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0019_options_notes_and_tips'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('ready_at__isnull', False)), fields=['shop', '-ready_at'], name='order_ready_of_shop'),
        ),
    ]
