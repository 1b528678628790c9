"""How long the tests go on that look for what is seldom: short, unless `make soak` asks for the long form."""
import os

MINUTES = float(os.environ.get("TRAINBOOK_SOAK_MINUTES") or 0)
IS_LONG = MINUTES > 0
