# Sourced by the start scripts: what prefect.env says, unless the pod's environment says otherwise.
while IFS='=' read -r name value; do
    case "$name" in '' | '#'*) continue ;; esac
    [ -n "${!name+set}" ] || export "$name=$value"
done <deployments/prefect.env
