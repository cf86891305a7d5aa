from django.contrib import admin

from orders.admin.readonly import ReadOnlyAdmin
from orders.admin.wording import age
from payments.models import PollShard


@admin.register(PollShard)
class PollShardAdmin(ReadOnlyAdmin[PollShard]):
    """Whether the poller goes round: the first question when payments stay open."""

    list_display = ("number", "round_started_at", "ago", "oldest_answer_at")

    @admin.display(description="")
    def ago(self, shard: PollShard) -> str:
        """How long ago the last round was."""
        return age(shard.round_started_at)
