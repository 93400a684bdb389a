"""The peers' sides: scripts that see only their own environment, never our code.

Each takes one JSON argument and prints one line of JSON. Settings are the peer's documented best, named where used.
"""
