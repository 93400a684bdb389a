"""Private servers: a PostgreSQL and a RabbitMQ of our own, for the tests and for `make up` without Docker.

Each has its own data directory, its own free ports on 127.0.0.1 and its own settings; the clusters and nodes of the
operating system are never touched. `python -m deploy.local` installs the Debian packages and prints what is there.

Errors:

    LocalServerError
    ├── NotInstalled   the programs are missing; the message says how to get them
    └── DidNotStart    the server ended or stayed silent; the message carries the end of its log
"""
