"""Reporting: what the field's work adds up to.

Owns household coverage per hamlet and the plans' terms (`data/plans.csv`). Publishes coverage.counted; consumes visits'
household.registered and visit.*, and the registry's unit.registered and hamlet.registered.
"""
