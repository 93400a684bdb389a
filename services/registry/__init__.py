"""The registry: the map of administrative units, the hamlets under it, the teams and who serves in them.

Owns       units and what became of them (`unit`), since when the map is known (`map`), hamlets (`hamlet`), teams and
           their members (`team`). Ids of units are derived from (regime, level, code): codes repeat across regimes.
Publishes  `unit.registered` `unit.succeeded` `map.declared` `hamlet.registered` `team.established`
           `member.appointed` `member.stood_down`, on the exchange `registry.events`.
Consumes   nothing: everything else hangs on the map, the map hangs on no one.
"""
