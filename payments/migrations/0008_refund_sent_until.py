from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0007_refund_holds'),
    ]

    operations = [
        migrations.AddField(
            model_name='refund',
            name='sent_until',
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
