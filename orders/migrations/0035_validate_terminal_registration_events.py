from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Validate the constraint of the events. Other processes read and write them meanwhile."""

    dependencies = [('orders', '0034_terminal_registration_events')]
    operations = [ValidateConstraint(model_name='auditevent', name='event_name_known')]
