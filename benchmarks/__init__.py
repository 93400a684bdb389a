"""Side by side with named peers: `make bench`, or `python -m benchmarks [question …] [--rounds N]`.

One file a question; each says how both sides are run and why that is fair. `peers/` holds the peers' sides, which run
in an environment of their own (`var/bench-peers`, exact versions and hashes in `peers/requirements.lock`). Servers are
private ones with fsync on. Results: `results.json` for programs, `results.md` for people.

    BENCH_QUICK=1   small sizes and three rounds: shows that everything works, its figures mean little
    SCALE=10        ten million events where one million is the rule
"""
