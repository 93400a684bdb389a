"""Feedback: residents' difficulties with digital services, from intake to answer, and the vault of what they wrote.

Owns       cases (`case`), the difficulty catalogue (`difficulties`, data C3), the privacy vault (`vault`): texts and
           contacts under a key per person, outside every event.
Publishes  `feedback.submitted` `feedback.answered` `person.erased` `personal_data.viewed`, on `feedback.events`.
Consumes   registry: `unit.registered` (does the commune exist, and whose is it), `digital_service.published`.
"""
