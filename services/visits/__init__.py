"""Visits: the households of a hamlet and what a team did at their doors.

Publishes household.registered, visit.recorded,
visit.corrected and visit.voided; consumes the registry's hamlet.registered, team.established, team.renewed,
team.dissolved, digital_service.published and digital_service.withdrawn.
A household is an opaque id in a hamlet: no name, no address, no phone ever enters this service.
"""
