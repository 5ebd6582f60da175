"""Takes the emulator's place and ends at once with something to say."""

import sys

print("the database is of a later version", file=sys.stderr)
sys.exit(3)
