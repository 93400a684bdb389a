"""Tests of the visits service."""
