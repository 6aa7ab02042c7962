#!/usr/bin/env bash
# SSH into a pod, by key alone: PUBLIC_KEY or SSH_PUBLIC_KEY, one key a line. The host key lies on the
# volume, so that a pod that is started anew is the same host to who knows it.
set -euo pipefail
umask 077
kept=$LAMINA_WORKSPACE/.ssh-host/ed25519
run=$HOME/.pod-sshd
mkdir -p "${kept%/*}" "$run" "$HOME/.ssh"
[ "$(id -u)" != 0 ] || mkdir -p -m 755 /run/sshd

if [ ! -s "$kept" ]; then
    rm -f "$run"/made*
    ssh-keygen -q -t ed25519 -N '' -C '' -f "$run/made"
    mv "$run/made" "$kept"
fi
cp "$kept" "$run/host_key"  # sshd wants it to be its own alone, which not every volume can keep
printf '%s\n' "${PUBLIC_KEY:-}" "${SSH_PUBLIC_KEY:-}" >"$run/authorized_keys"

# A session has the pod's settings; values of several lines cannot be handed over.
while IFS= read -r -d '' entry; do
    case "$entry" in
        *$'\n'* | HOME=* | USER=* | SHELL=* | PWD=* | OLDPWD=* | SHLVL=* | TERM=* | _=*) ;;
        SUPERVISOR_* | *PUBLIC_KEY=* | TTYD_CREDENTIAL=*) ;;
        *) printf '%s\n' "$entry" ;;
    esac
done < <(env -0) >"$HOME/.ssh/environment"

cat >"$run/config" <<CONFIG
Port ${SSHD_PORT:-22}
HostKey $run/host_key
AuthorizedKeysFile $run/authorized_keys
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PermitUserEnvironment yes
UsePAM no
PidFile none
PrintMotd no
Subsystem sftp internal-sftp
CONFIG
exec /usr/sbin/sshd -D -e -f "$run/config"
