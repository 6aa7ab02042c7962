#!/usr/bin/env bash
# The programs that the tests of the pods start: sshd and PostgreSQL. They are installed where that
# is possible, and not started: no port is opened, and the tests run their own on loopback.
set -euo pipefail

if [ -x /usr/sbin/sshd ] && ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "no sshd or PostgreSQL here, and no right to install them: their tests are skipped"
    exit 0
fi
policy=/usr/sbin/policy-rc.d # Debian asks it whether a freshly installed service may start
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    openssh-server postgresql >/dev/null \
    || echo "sshd or PostgreSQL could not be installed: their tests are skipped"
