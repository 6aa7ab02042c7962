#!/usr/bin/env bash
# The programs that the tests of the pods start: sshd, PostgreSQL and libfaketime. They are installed where that
# is possible, and not started: no port is opened, and the tests run their own on loopback.
set -euo pipefail

if [ -x /usr/sbin/sshd ] && ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 \
    && ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1; then
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "no sshd, PostgreSQL or libfaketime here, and no right to install them: their tests are skipped"
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
    openssh-server postgresql faketime >/dev/null \
    || echo "sshd, PostgreSQL or libfaketime could not be installed: their tests are skipped"
