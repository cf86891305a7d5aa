"""Each name that a package offers exists."""

from types import ModuleType

import pytest

import orders.models
import orders.services
import payments.models
import payments.polling
import payments.seqr
import seqrshop.backoffice.admin
import seqrshop.process_metrics


@pytest.mark.parametrize(
    "package",
    [
        orders.models,
        orders.services,
        payments.models,
        payments.polling,
        payments.seqr,
        seqrshop.backoffice.admin,
        seqrshop.process_metrics,
    ],
    ids=lambda package: package.__name__,
)
def test_each_public_name_exists(package: ModuleType) -> None:
    missing = [name for name in package.__all__ if not hasattr(package, name)]

    assert missing == []
