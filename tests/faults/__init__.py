"""Faults to inject, and the tests that inject them."""
