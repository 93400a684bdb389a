#!/bin/sh
# `make check`: every check runs, even after one failed; the names of the failed ones come last.
# Arguments: the folders with source. Tools are found on the PATH, where make puts .venv/bin first.
set -u
failed=""

check() {
    name=$1
    shift
    printf '%-10s' "$name"
    if output=$("$@" 2>&1); then
        echo ok
    else
        echo FAILED
        printf '%s\n' "$output"
        failed="$failed $name"
    fi
}

check lint ruff check "$@"
check format ruff format --check "$@"
check types mypy "$@"
check imports lint-imports --no-cache
check compose check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
check services compose-lint --fail-on medium --no-env --skip-suppressed docker-compose.yml
check image hadolint --config deploy/hadolint.yaml deploy/Dockerfile

if [ -n "$failed" ]; then
    echo "make check failed:$failed" >&2
    exit 1
fi
