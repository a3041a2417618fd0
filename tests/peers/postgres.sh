#!/usr/bin/env bash
# The store's suite against a PostgreSQL server of its own: Debian's packages, a cluster in a temporary folder, an
# unprivileged user, a socket and no port. Kills writers a hundred times (INTERLOCK_KILLS), on SQLite too.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

programs() {
  find /usr/lib/postgresql -name initdb -printf '%h\n' 2>/dev/null | sort -V | tail -n 1
}

bin=$(programs)
if [[ -z $bin ]]; then
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql >/dev/null
  bin=$(programs)
fi
[[ -n $bin ]] || { echo "PostgreSQL's programs are not there and could not be installed" >&2; exit 1; }

# The server refuses to run as root.
work=$(mktemp -d)
as_user() {
  if [[ $(id -u) == 0 ]]; then
    su -s /bin/bash nobody -c "cd '$work' && $(printf '%q ' "$@")"
  else
    (cd "$work" && "$@")
  fi
}
if [[ $(id -u) == 0 ]]; then chown nobody "$work"; fi

finish() {
  as_user "$bin/pg_ctl" -D "$work/cluster" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap finish EXIT

as_user "$bin/initdb" -D "$work/cluster" -U interlock --auth=trust --encoding=UTF8 >/dev/null
as_user "$bin/pg_ctl" -D "$work/cluster" -w -l "$work/log" \
  -o "-c listen_addresses='' -c unix_socket_directories='$work'" start >/dev/null
chmod 755 "$work"

export INTERLOCK_TEST_POSTGRES="postgres://interlock@localhost/postgres?host=$work"
export INTERLOCK_KILLS=${INTERLOCK_KILLS:-100}
cd "$root"
cargo test -p store
