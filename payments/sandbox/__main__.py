"""python -m payments.sandbox"""

import sys

from payments.sandbox.cli import main

if __name__ == "__main__":
    sys.exit(main())
