"""How events and commands travel over RabbitMQ.

`transport` is what relay and subscriptions see of it, also of the in-process one. Outwards: `topology` → `envelope` →
`wire` → `publisher`. Inwards: `wire` → `envelope` → `consumer`. Commands: `rpc_client` calls what `nameko_edge` serves;
that module alone touches nameko and eventlet. `watchdog` looks at every process from outside, through its `beat`.
"""
