#!/bin/sh
# Whether what this container was started for answers; docker/start.sh notes its role.
answers() { curl --fail --silent --output /dev/null "http://127.0.0.1:$1"; }
case "$(cat /tmp/pod-role 2>/dev/null)" in
    server) answers "${LAMINA_PREFECT_PORT:-4200}/api/health" ;;
    cpu) answers "${LAMINA_PORT:-5000}/health" ;;
    gpu) [ -z "${PREFECT_API_URL:-}" ] || answers "${PREFECT_WORKER_WEBSERVER_PORT:-8080}/health" ;;
esac
