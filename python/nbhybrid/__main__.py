"""``python -m nbhybrid`` is the command ``nbhybrid``."""

import sys

from nbhybrid.cli import main

if __name__ == "__main__":
    sys.exit(main())
