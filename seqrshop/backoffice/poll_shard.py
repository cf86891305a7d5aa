from django.contrib import admin

from payments.models import PollShard
from seqrshop.backoffice.formatting import age
from seqrshop.backoffice.readonly import ReadOnlyAdmin


@admin.register(PollShard)
class PollShardAdmin(ReadOnlyAdmin[PollShard]):
    """Whether the poller goes round: the first question when payments stay open."""

    list_display = ("number", "round_started_at", "ago", "oldest_answer_at")

    @admin.display(description="")
    def ago(self, shard: PollShard) -> str:
        """How long ago the last round was."""
        return age(shard.round_started_at)
