"""Whole journeys through a running Cầu Số, over HTTP, GraphQL, AMQP and the command `causo`, as their users take them.

Most run on both ways to run: the embedded one (`causo run`, with the whole map) and the distributed one (every role a
process, a RabbitMQ and a PostgreSQL of its own, with the map of Cà Mau). Each is started once a session. A test makes
what it needs itself (hamlets, teams, cases) and compares figures with those it found, so that order does not matter.
"""
