"""The service chassis: what every service needs and none should write twice.

Read it in the order of an event's life: `message` → `decider` → `store` → `handling` → `log` → `relay` →
`subscription` → `projection`. It knows no word of the domain; import-linter keeps it that way.
"""
