"""Rules that users write: pages with an expression in CEL in place of a check in Python."""
