"""How many rows the large report of the tests has."""

import os

# `make test`: the least round number whose response is above the limit of other calls, 4 MiB.
# `make proof`: a busy day's, 35,000 rows in 16 MiB.
REPORT_ROWS = int(os.environ.get("REPORT_ROWS", "9000"))
