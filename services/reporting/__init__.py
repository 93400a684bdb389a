"""Reporting: what the field's work adds up to.

Owns household coverage per hamlet. Publishes coverage.counted and coverage.replanned; consumes visits' household.* and
visit.*, and of the registry the map (unit.*, hamlet.*) and the plans (policy_profile.published and .superseded).
"""
