"""The registry: the map of administrative units, the hamlets under it, plans as policy, teams and their people.

Owns       units and what became of them (`unit`), since when the map is known (`map`), hamlets (`hamlet`), the plans
           of a territory (`policy`), teams and their members (`team`), enterprises, messaging groups, courses,
           decisions on many teams at once (`decision`),
           trainings and what members learnt (`learner`); in a vault outside every event, members' names and numbers
           (`contact`). Ids of units are derived from (regime, level, code): codes
           repeat across regimes.
Publishes  on the exchange `registry.events`:
           `unit.registered` `unit.succeeded` `map.declared` `hamlet.registered`
           `policy_profile.drafted` `policy_profile.published` `policy_profile.superseded`
           `team.established` `team.renewed` `team.launched` `team.dissolved`
           `member.nominated` `member.appointed` `member.stood_down` `duty.assigned`
           `enterprise.registered` `enterprise.counted` `messaging_group.linked` `messaging_group.unlinked`
           `course.catalogued` `course.retired` `training.scheduled` `training.held` `training.called_off`
           `team_decision.issued`
           `member_contact.kept` `member_contact.erased` `member_contact.viewed`
           `member_skill.assessed` `external_course.completed`
Consumes   nothing: everything else hangs on the map, the map hangs on no one.
"""
