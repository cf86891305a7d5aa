"""The faults of a call to SEQR."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pytest


@dataclass(frozen=True, eq=False)
class Fault:
    """One way in which every call fails until the fault is cleared.

    `kind` names the sandbox's fault, or the proxy's where `is_in_proxy`. `is_sent`: the request
    leaves the shop. `takes_effect`: SEQR executes it. `is_slow`: the call lasts until its time-out.
    """

    name: str
    kind: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    is_sent: bool = True
    takes_effect: bool = False
    is_slow: bool = False
    is_in_proxy: bool = False

    @property
    def at_seqr(self) -> str:
        """What happens to the request at SEQR."""
        if not self.is_sent:
            return "not sent"
        return "done" if self.takes_effect else "not done"


REFUSED: Final = Fault("refused", "refuse", is_sent=False, is_in_proxy=True)
CONNECT_TIME_OUT: Final = Fault(
    "connect time-out", "ignore", is_sent=False, is_slow=True, is_in_proxy=True
)
TIME_OUT_BEFORE: Final = Fault("time-out before", "swallow", is_slow=True, is_in_proxy=True)
ANSWER_LOST: Final = Fault("answer lost after", "drop", takes_effect=True)
KEPT_CONNECTION_DIES: Final = Fault(
    "kept connection dies once", "reset", {"takes_effect": True, "count": 1}, takes_effect=True
)
DRIPPING: Final = Fault("dripping", "drip", {"seconds": 5}, takes_effect=True, is_slow=True)
HTTP_500: Final = Fault("HTTP 500", "http_status", {"status": 500})
HTTP_502: Final = Fault(
    "HTTP 502", "http_status", {"status": 502, "takes_effect": True}, takes_effect=True
)
SOAP_FAULT: Final = Fault("SOAP fault", "soap_fault")
EMPTY: Final = Fault("empty", "empty", takes_effect=True)
HTML: Final = Fault("HTML", "html", {"takes_effect": False})
GARBAGE: Final = Fault("garbage", "garbage", {"seed": 1}, takes_effect=True)
HUGE: Final = Fault("huge", "huge", {"megabytes": 18}, takes_effect=True)
CODE_90: Final = Fault("code 90", "result_code", {"code": 90})
CODE_93: Final = Fault("code 93", "result_code", {"code": 93})
CODE_94: Final = Fault("code 94", "result_code", {"code": 94})

FAULTS: Final = tuple(fault for fault in list(globals().values()) if isinstance(fault, Fault))

each_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
