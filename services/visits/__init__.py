"""Visits: the households of a hamlet and what a team did at their doors.

Owns the digital service catalogue as visits use it (`data/`). Publishes household.registered, visit.recorded,
visit.corrected and visit.voided; consumes the registry's hamlet.registered, team.established, team.renewed and
team.dissolved.
A household is an opaque id in a hamlet: no name, no address, no phone ever enters this service.
"""
