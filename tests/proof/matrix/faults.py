"""What goes wrong with a call to SEQR."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pytest


@dataclass(frozen=True, eq=False)
class Fault:
    """One way in which a call goes wrong, every time until it is mended.

    `kind` is the sandbox's, or what the door does. `leaves`: the request leaves us. `is_done`: SEQR
    does what it was asked all the same. `is_slow`: the call lasts until its time-out.
    """

    name: str
    kind: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    leaves: bool = True
    is_done: bool = False
    is_slow: bool = False
    is_in_proxy: bool = False

    @property
    def at_seqr(self) -> str:
        """What becomes of the request, in a word or two."""
        if not self.leaves:
            return "not sent"
        return "done" if self.is_done else "not done"


REFUSED: Final = Fault("refused", "refuse", leaves=False, is_in_proxy=True)
CONNECT_TIME_OUT: Final = Fault(
    "connect time-out", "ignore", leaves=False, is_slow=True, is_in_proxy=True
)
TIME_OUT_BEFORE: Final = Fault("time-out before", "swallow", is_slow=True, is_in_proxy=True)
ANSWER_LOST: Final = Fault("answer lost after", "drop", is_done=True)
KEPT_CONNECTION_DIES: Final = Fault(
    "kept connection dies once", "reset", {"takes_effect": True, "count": 1}, is_done=True
)
DRIPPING: Final = Fault("dripping", "drip", {"seconds": 5}, is_done=True, is_slow=True)
HTTP_500: Final = Fault("HTTP 500", "http_status", {"status": 500})
HTTP_502: Final = Fault(
    "HTTP 502", "http_status", {"status": 502, "takes_effect": True}, is_done=True
)
SOAP_FAULT: Final = Fault("SOAP fault", "soap_fault")
EMPTY: Final = Fault("empty", "empty", is_done=True)
HTML: Final = Fault("HTML", "html", {"takes_effect": False})
GARBAGE: Final = Fault("garbage", "garbage", {"seed": 1}, is_done=True)
HUGE: Final = Fault("huge", "huge", {"megabytes": 18}, is_done=True)  # a report may have 16
CODE_90: Final = Fault("code 90", "result_code", {"code": 90})
CODE_93: Final = Fault("code 93", "result_code", {"code": 93})
CODE_94: Final = Fault("code 94", "result_code", {"code": 94})

FAULTS: Final = tuple(fault for fault in list(globals().values()) if isinstance(fault, Fault))

each_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
