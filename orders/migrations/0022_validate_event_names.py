from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Validate the constraints of the events. Other processes read and write them meanwhile."""

    dependencies = [('orders', '0021_customer_erasure')]
    operations = [
        ValidateConstraint(model_name='auditevent', name='event_name_known'),
        ValidateConstraint(model_name='auditevent', name='event_source_known'),
    ]
