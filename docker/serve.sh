#!/usr/bin/env bash
# The layer server of a CPU pod. Where the base is not here yet, it is fetched from the depot once the
# GPU pod has pushed it; until then this waits. Any other end is the supervisor's business.
set -uo pipefail
no_base=3  # exit code of `lamina serve` when there is nothing to serve
while true; do
    lamina pull base >/dev/null 2>&1
    lamina serve
    code=$?
    [ "$code" = "$no_base" ] || exit "$code"
    sleep "${LAMINA_WAIT_FOR_BASE_S:-30}"
done
