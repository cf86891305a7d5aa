"""`manage.py draw_states`: the invoice's state machine as a Mermaid diagram, from its table."""

from typing import Any

from django.core.management.base import BaseCommand

from payments.invoices.state_diagram import state_diagram


class Command(BaseCommand):
    """Prints the diagram that docs/states.md holds."""

    help = "Draw the invoice's statuses and the events between them, as Mermaid."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Print the diagram."""
        self.stdout.write(state_diagram())
