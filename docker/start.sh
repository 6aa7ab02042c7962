#!/usr/bin/env bash
# What a pod runs, by its role; any other command is run as it is, with the pod's settings. Each ends
# up as one process that gets the signals: `exec`, so that a worker stops on SIGTERM instead of
# ignoring it as a shell's background job would.
set -euo pipefail
cd "${LAMINA_HOME:-/app}"
export LAMINA_WORKSPACE=${LAMINA_WORKSPACE:-/workspace}

source deployments/environment.sh
export PREFECT_RESULTS_LOCAL_STORAGE_PATH=${PREFECT_RESULTS_LOCAL_STORAGE_PATH:-$LAMINA_WORKSPACE/store/results}
# A user that the image does not know has no home to write to.
[ -w "${HOME:-/}" ] || export HOME=/tmp

fail() { echo "error: $*" >&2; exit 2; }

needs() {
    for name in "$@"; do
        [ -n "${!name:-}" ] || fail "$name is not set; docs/operations.md lists what a pod needs"
    done
}

note_role() { echo "$1" >/tmp/pod-role; }  # for docker/health.sh

# What the supervisor starts on this pod, besides what its role always has.
supervise() {  # role
    export TTYD_PORT=${TTYD_PORT:-7681}
    export LAMINA_HAS_PREFECT=false LAMINA_HAS_SSH=false LAMINA_HAS_TTYD=false
    export LAMINA_HAS_WATCH=false  # PDFs for a server, what other pods decided from a depot
    if [ -n "${PREFECT_API_URL:-}${LAMINA_STORE_URL:-}" ]; then LAMINA_HAS_WATCH=true; fi
    if [ -n "${PREFECT_API_URL:-}" ]; then LAMINA_HAS_PREFECT=true; else
        echo "PREFECT_API_URL is not set: no jobs are taken, only commands by hand" >&2
    fi
    if [ -n "${PUBLIC_KEY:-}${SSH_PUBLIC_KEY:-}" ]; then LAMINA_HAS_SSH=true; fi
    case "${TTYD_CREDENTIAL:-}" in
        '') ;;
        ?*:?*) LAMINA_HAS_TTYD=true ;;
        *) fail "TTYD_CREDENTIAL has no colon; write it as user:password" ;;
    esac
    # The server would refuse to start; the owner who sits in the pod still gets an answer.
    if [ -z "${LAMINA_API_KEY:-}${LAMINA_ADMIN_KEY:-}" ]; then
        export LAMINA_HOST=127.0.0.1
        if [ "$1" = cpu ]; then
            echo "LAMINA_API_KEY is not set: the layer server listens inside this pod only" >&2
        fi
    fi
    note_role "$1"
    exec supervisord --configuration "docker/$1.conf"
}

role=${1:-${LAMINA_ROLE:-}}
case "$role" in
    server)  # the Prefect server
        host=${LAMINA_PREFECT_HOST:-0.0.0.0}
        case "$host" in
            127.* | ::1 | localhost) ;;
            *)  # whoever reaches it can have the GPU pods run anything
                [ -n "${PREFECT_SERVER_API_AUTH_STRING:-}" ] || fail "the Prefect server would listen" \
                    "on $host and ask nobody who they are; set PREFECT_SERVER_API_AUTH_STRING to" \
                    "user:password, or LAMINA_PREFECT_HOST=127.0.0.1" ;;
        esac
        note_role server
        exec python deployments/prefect_server.py --host "$host" --port "${LAMINA_PREFECT_PORT:-4200}" ;;
    setup)   # pools, limits, blocks, automations, deployments; then it ends
        needs PREFECT_API_URL
        profiles=()
        if [ "${LAMINA_BASE_MODEL:-}" = tiny ]; then profiles=(--embedded-base); fi
        python deployments/bootstrap.py "${profiles[@]}"
        exec python deployments/deploy.py ;;
    gpu)     # one training at a time on this pod; more pods, more trainings
        supervise gpu ;;
    cpu)     # layer server, worker and watcher
        supervise cpu ;;
    '')
        fail "usage: docker/start.sh server | setup | gpu | cpu | COMMAND..." ;;
    *)
        exec "$@" ;;
esac
