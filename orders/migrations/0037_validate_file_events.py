from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Validate the constraints of the events. Other processes read and write them meanwhile."""

    dependencies = [("orders", "0036_file_events")]
    operations = [
        ValidateConstraint("auditevent", "event_name_known"),
        ValidateConstraint("auditevent", "event_source_known"),
    ]
