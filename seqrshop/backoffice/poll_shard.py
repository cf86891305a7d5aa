from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from payments.models import PollShard
from seqrshop.backoffice.formatting import age
from seqrshop.backoffice.read_only import ReadOnlyAdmin


@admin.register(PollShard)
class PollShardAdmin(ReadOnlyAdmin[PollShard]):
    """The poller's shards, and when each last checked its open payments with SEQR."""

    fields = ("number", "round_started_at", "oldest_answer_at")
    list_display = ("__str__", "round_started_at", "last_check_age", "oldest_answer_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PollShard]:
        return super().get_queryset(request).filter(count=settings.SEQR_POLL_SHARDS)

    @admin.display(description=_("age"))
    def last_check_age(self, shard: PollShard) -> str:
        """Return the time since the last check started."""
        return age(shard.round_started_at)
