"""Faults, injected into real processes, a real RabbitMQ and a real PostgreSQL; `README.md` says which promise is where.

`make test` runs the short form, `make soak` (`CAUSO_SOAK=1`) the long one and commits its figures to `docs/soak`.
"""
