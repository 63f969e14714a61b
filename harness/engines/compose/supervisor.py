"""The first process of a host's container: a shell that looks after the one that serves."""

import re

SUPERVISOR = r"""
exec 3<&0
say() { printf '\n{"event":"%s"}\n' "$1"; }
serve() { "$@" <&3 3<&- & child=$!; }
again() { held=; kill "$timer" 2>/dev/null; serve "$@"; say up; }
end() { held=1; if [ -n "$child" ]; then kill "$1" "$child" 2>/dev/null; else say down; fi; }
trap 'end -KILL' USR1
trap 'end -TERM' HUP
trap '[ -n "$child" ] || again "$@"' USR2
trap '[ -n "$child$held" ] || again "$@"' ALRM
trap '[ -n "$child" ] || exit 0; leaving=1; kill -TERM "$child"' TERM
serve "$@"
while :; do
  wait "$child"; code=$?
  if kill -0 "$child" 2>/dev/null; then continue; fi
  child=
  if [ -n "$leaving" ]; then exit $code; fi
  if [ -n "$held" ]; then say down; else
    say crashed'","code":"'$code >&2
    if [ -n "$RESTART_S" ]; then { sleep "$RESTART_S"; kill -ALRM $$; } & timer=$!; fi
  fi
  while [ -z "$child" ]; do sleep 1 & wait $!; done
done
"""
"""Lets a fault kill a host's process (SIGUSR1) or stop it (SIGHUP), and start it again (SIGUSR2).

Ending the container would take its address away as well. A crashed process refuses connections
at once; a missing address stalls Toxiproxy, which dials one connection after the other. A process
that ends by itself is started again after `RESTART_S`, if that is set and no fault holds it down.

Each process takes the container's standard input over, which is its control channel; a shell gives
none to what it runs in the background, unless by another descriptor. An event is told behind a line
end, for a process that is killed may leave half a line; a crash behind what the process said of it.
"""

UP, DOWN = '{"event":"up"}', '{"event":"down"}'
CRASHED = re.compile(r'\{"event":"crashed","code":"(?P<code>\d+)"\}')
KILL, STOP, START = "SIGUSR1", "SIGHUP", "SIGUSR2"
