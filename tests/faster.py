"""Leaves out what takes seconds in each process and no test needs: a grammar of addresses, without which jsonschema, and so nbformat, does as well."""
import sys

sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # as if it was not installed
