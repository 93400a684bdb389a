"""Visits: the households of a hamlet and what a team did at their doors.

Publishes household.registered, household.moved, visit.recorded, visit.corrected and visit.voided; consumes of the
registry hamlet.registered, .renamed, .ended and .succeeded, unit.registered, .transferred and .succeeded,
team.established, .renewed and .dissolved, policy_profile.published and .superseded, digital_service.published and
.withdrawn.
A household is an opaque id in a hamlet: no name, no address, no phone ever enters this service.
"""
