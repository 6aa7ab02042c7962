#!/usr/bin/env bash
# The whole system on one machine, without Docker: a Prefect server, a worker for each pool, the
# layer server and the watcher, in two workspaces with a depot between them. Run by `make up`,
# `make down` and `make ps`; starting what runs already changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

export LAMINA_HOME=$PWD LAMINA_BIN=$PWD/.venv/bin
export LAMINA_UP=${LAMINA_UP:-$PWD/workspace-up}
export LAMINA_PREFECT_PORT=${LAMINA_PREFECT_PORT:-4200} LAMINA_PORT=${LAMINA_PORT:-5000}
export LAMINA_SETTLE_S=${LAMINA_SETTLE_S:-30}
export LAMINA_BASE_MODEL=${LAMINA_BASE_MODEL:-tiny}
export LAMINA_STORE_URL=${LAMINA_STORE_URL:-file://$LAMINA_UP/depot}
export PREFECT_HOME=$LAMINA_UP/prefect PREFECT_API_URL=http://127.0.0.1:$LAMINA_PREFECT_PORT/api
source deployments/environment.sh

supervisor() { "$LAMINA_BIN/$1" -c deployments/supervisord.conf "${@:2}"; }
control() { supervisor supervisorctl "$@"; }
fail() { echo "error: $*; the logs are in $LAMINA_UP/logs" >&2; exit 1; }

# Asks until the address answers, or the program behind it has given up.
wait_for() {  # program, port, path
    for turn in $(seq 480); do
        if (: <"/dev/tcp/127.0.0.1/$2") 2>/dev/null && "$LAMINA_BIN/python" -c "import sys, httpx
try: sys.exit(not httpx.get('http://127.0.0.1:$2$3', timeout=2, trust_env=False).is_success)
except httpx.HTTPError: sys.exit(1)"; then return; fi
        if [ $((turn % 10)) = 0 ]; then
            case "$(control status "$1" | awk '{print $2}')" in
                FATAL | EXITED) fail "$1 does not start" ;;
            esac
        fi
        sleep 0.25
    done
    fail "$1 does not answer at port $2"
}

is_up() { [ -S "$LAMINA_UP/run/supervisor.sock" ] && control pid >/dev/null 2>&1; }

up() {
    mkdir -p "$LAMINA_UP"/{run,logs,prefect,depot}
    if ! is_up; then
        for port in "$LAMINA_PREFECT_PORT" "$LAMINA_PORT"; do
            if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
                fail "port $port is taken; set LAMINA_PREFECT_PORT or LAMINA_PORT to a free one"
            fi
        done
        supervisor supervisord
    fi
    echo "up: Prefect server"
    wait_for prefect-server "$LAMINA_PREFECT_PORT" /api/health
    profiles=()
    if [ "$LAMINA_BASE_MODEL" = tiny ]; then profiles=(--embedded-base); fi
    "$LAMINA_BIN/python" deployments/bootstrap.py "${profiles[@]}" >"$LAMINA_UP/logs/bootstrap.log"
    "$LAMINA_BIN/python" deployments/deploy.py >"$LAMINA_UP/logs/deploy.log" 2>&1 \
        || fail "the deployments were refused"
    echo "up: the base, converted on one pod and handed to the other"
    "$LAMINA_BIN/lamina" --workspace "$LAMINA_UP/gpu" convert_to_gguf >/dev/null
    "$LAMINA_BIN/lamina" --workspace "$LAMINA_UP/gpu" push base >/dev/null
    "$LAMINA_BIN/lamina" --workspace "$LAMINA_UP/cpu" pull base >/dev/null
    control start gpu-worker cpu-worker layer-server watch >/dev/null || true
    wait_for layer-server "$LAMINA_PORT" /ready
    echo "Prefect      http://127.0.0.1:$LAMINA_PREFECT_PORT"
    echo "layer server http://127.0.0.1:$LAMINA_PORT"
    echo "PDFs go to   $LAMINA_UP/cpu/data/raw_pdfs/<layer>/"
}

down() {
    is_up || { echo "nothing is up"; return; }
    pid=$(control pid)
    # Workers first: without their server they would try for long to tell it that they end.
    control stop gpu-worker cpu-worker layer-server watch >/dev/null
    control shutdown >/dev/null
    while kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
    echo "down; what was made stays in $LAMINA_UP"
}

case "${1:-}" in
    up) up ;;
    down) down ;;
    ps) if is_up; then control status || true; else echo "nothing is up"; fi ;;
    *) echo "usage: deployments/up.sh up | down | ps" >&2; exit 2 ;;
esac
