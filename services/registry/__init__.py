"""The registry: the map of administrative units, the hamlets under it, plans as policy, teams and their people.

Owns       units and what became of them (`unit`), since when the map is known (`map`), hamlets (`hamlet`), what
           changes the map as one (`reorganisation`), the plans of a territory (`policy`), teams and their members
           (`team`), decisions on many teams at once (`team_decision`), enterprises, messaging groups, courses,
           trainings and what members learnt (`learner`), what offices made of a member's year (`member_evaluation`),
           the catalogue of digital services (`digital_service`), guidance materials, topic campaigns, good practices;
           emulation drives and commendations, money for teams (`funding_rule`, `funding`) and rosters on their way up
           (`roster`); priority areas, partners and tasks; in a vault outside every event, members' names and numbers
           (`contact`). Ids of units are derived from (regime, level, code): codes repeat across regimes.
Publishes  on the exchange `registry.events`:
           `unit.registered` `unit.succeeded` `unit.ended` `unit.renamed` `unit.transferred` `map.declared`
           `hamlet.registered` `hamlet.succeeded` `hamlet.ended` `hamlet.renamed` `hamlet.transferred`
           `reorganisation.decided`
           `policy_profile.drafted` `policy_profile.published` `policy_profile.superseded`
           `team.established` `team.renewed` `team.launched` `team.dissolved`
           `member.nominated` `member.appointed` `member.stood_down` `duty.assigned`
           `enterprise.registered` `enterprise.counted` `messaging_group.linked` `messaging_group.unlinked`
           `course.catalogued` `course.retired` `training.scheduled` `training.held` `training.called_off`
           `team_decision.issued`
           `member_contact.kept` `member_contact.erased` `member_contact.viewed`
           `member_skill.assessed` `member_skill.confirmed` `external_course.completed`
           `member.evaluated` `member_evaluation.corrected` `member_evaluation.withdrawn`
           `emulation_drive.launched` `emulation_drive.closed`
           `commendation.proposed` `commendation.selected` `commendation.declined` `commendation.approved`
           `commendation.awarded` `commendation.revoked`
           `funding_rule.set` `funding_rule.ended` `funding.allocated` `funding.appraised` `funding.advanced`
           `funding.settled` `funding.returned`
           `roster.submitted` `roster.consolidated`
           `digital_service.proposed` `digital_service.published` `digital_service.revised` `digital_service.withdrawn`
           `material.drafted` `material.opinion_given` `material.approved` `material.published` `material.withdrawn`
           `campaign.opened` `campaign.called_off`
           `priority_area.designated` `priority_area.ended` `partner.engaged` `partner.ended`
           `task.issued` `task.started` `task.done` `task.called_off`
           `good_practice.proposed` `good_practice.shared` `good_practice.withdrawn`
Consumes   nothing: everything else hangs on the map, the map hangs on no one.
"""
