#!/usr/bin/env bash
# What a pod runs, by its role. Each role ends up as one process that gets the signals: `exec`, so
# that a worker stops on SIGTERM instead of ignoring it as a shell's background job would.
set -euo pipefail
cd "${LAMINA_HOME:-/app}"
set -a; source deployments/prefect.env; set +a
export PREFECT_RESULTS_LOCAL_STORAGE_PATH=${PREFECT_RESULTS_LOCAL_STORAGE_PATH:-$LAMINA_WORKSPACE/store/results}

needs() {
    for name in "$@"; do
        [ -n "${!name:-}" ] || { echo "error: $name is not set; docs/operations.md lists what a pod needs" >&2; exit 2; }
    done
}

# A terminal in the browser, where the pod's host offers no other way in: only with credentials.
if [ -n "${TTYD_CREDENTIAL:-}" ] && command -v ttyd >/dev/null; then
    ttyd --port "${TTYD_PORT:-7681}" --credential "$TTYD_CREDENTIAL" --writable bash &
fi

case "${1:-}" in
    server)  # the Prefect server
        exec prefect server start --host 0.0.0.0 --port "${LAMINA_PREFECT_PORT:-4200}" ;;
    setup)   # pools, limits, blocks, automations, deployments; then it ends
        needs PREFECT_API_URL
        python deployments/bootstrap.py
        exec prefect --no-prompt deploy --all ;;
    gpu)     # one training at a time on this pod; more pods, more trainings
        needs PREFECT_API_URL
        exec prefect worker start --pool gpu-pool --type process --limit 1 --with-healthcheck ;;
    cpu)     # worker, layer server and watcher, kept running
        needs PREFECT_API_URL
        exec supervisord --nodaemon --configuration docker/supervisord.conf ;;
    *)
        echo "usage: docker/start.sh server | setup | gpu | cpu" >&2; exit 2 ;;
esac
