"""Composition roots, the operator's `causo` command, and everything that sets the system up and runs it."""
