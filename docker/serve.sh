#!/usr/bin/env bash
# The layer server of a CPU pod: waits until the base is here, fetching it from the depot if there
# is one, and then takes this process's place.
set -euo pipefail
until lamina pull base 2>/dev/null || lamina settings --has-base; do
    echo "waiting for the base: put it where MODEL_PATH says, or let the GPU pod push it"
    sleep 30
done
exec lamina serve
