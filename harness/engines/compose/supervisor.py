"""The first process of a host's container: a shell that looks after the one that serves."""

import re

SUPERVISOR = r"""
exec 3<&0
down() { printf '\n{"event":"down"}\n'; }
trap 'held=1 start= again=; kill -KILL "$child" 2>/dev/null || down' USR1
trap 'held=1 start= again=; kill -TERM "$child" 2>/dev/null || down' HUP
trap 'held=; [ -n "$child" ] || start=1' USR2
trap 'leaving=1; kill -TERM "$child" 2>/dev/null' TERM
starts=0
while :; do
  if [ -z "$again" ]; then died=; fi
  CHAOSLAB_START=$starts CHAOSLAB_DIED_S=$died "$@" <&3 3<&- & child=$!; starts=$((starts + 1))
  if [ -n "$held" ]; then kill -KILL "$child"; fi
  if [ -n "$start" ]; then printf '\n{"event":"up"}\n'; fi
  start= again=
  while wait "$child"; code=$?; kill -0 "$child" 2>/dev/null; do :; done
  child=
  if [ -n "$leaving" ]; then exit $code; fi
  if [ -n "$held" ]; then down
  else
    read -r died _ < /proc/uptime
    again=$RESTART_S
    printf '\n{"event":"crashed","code":%d}\n' $code >&2
  fi
  while [ -z "$start$again" ]; do
    if [ -n "$leaving" ]; then exit 0; fi
    sleep 1 & nap=$!
    [ -z "$start$leaving" ] && wait $nap
  done
done
"""
"""Lets a fault kill a host's process (SIGUSR1) or stop it (SIGHUP), and start it again (SIGUSR2).

Ending the container would take its address away as well. A crashed process refuses connections
at once; a missing address stalls Toxiproxy, which dials one connection after the other. Signals are
looked for right before each wait, which one that came earlier would not end.

A process that ends by itself is started again if `RESTART_S` is set and no fault holds it down. It
is told when the last one died, loads, and serves (`services.main`) that long after, so that half a
second of loading is part of the restart and not on top of it; it then tells that it is up itself.

Each process takes the container's standard input over, which is its control channel; a shell gives
none to what it runs in the background, unless by another descriptor. An event is told behind a line
end, for a process that is killed may leave half a line; a crash behind what the process said of it.
"""

UP, DOWN = '{"event":"up"}', '{"event":"down"}'
CRASHED = re.compile(r'\{"event":"crashed","code":(?P<code>\d+)\}')
KILL, STOP, START = "SIGUSR1", "SIGHUP", "SIGUSR2"
