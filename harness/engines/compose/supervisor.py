"""The first process of a host's container: a shell that looks after the one that serves."""

import re

SUPERVISOR = r"""
exec 3<&0
trap 'held=1 start=; kill -KILL "$child" 2>/dev/null || printf "\n{\"event\":\"down\"}\n"' USR1
trap 'held=1 start=; kill -TERM "$child" 2>/dev/null || printf "\n{\"event\":\"down\"}\n"' HUP
trap 'held=; [ -n "$child" ] || start=1' USR2
trap 'leaving=1; kill -TERM "$child" 2>/dev/null' TERM
starts=0
while :; do
  CHAOSLAB_START=$starts "$@" <&3 3<&- & child=$!; starts=$((starts + 1))
  if [ -n "$held" ]; then kill -KILL "$child"; fi
  if [ -n "$start" ]; then printf '\n{"event":"up"}\n'; fi
  start=
  while wait "$child"; code=$?; kill -0 "$child" 2>/dev/null; do :; done
  child=
  if [ -n "$leaving" ]; then exit $code; fi
  if [ -n "$held" ]; then printf '\n{"event":"down"}\n'
  else
    printf '\n{"event":"crashed","code":%d}\n' $code >&2
    if [ -n "$RESTART_S" ]; then
      sleep "$RESTART_S" & nap=$!
      [ -z "$held$start" ] && wait $nap && start=1
    fi
  fi
  while [ -z "$start" ]; do
    if [ -n "$leaving" ]; then exit 0; fi
    sleep 1 & nap=$!
    [ -z "$start$leaving" ] && wait $nap
  done
done
"""
"""Lets a fault kill a host's process (SIGUSR1) or stop it (SIGHUP), and start it again (SIGUSR2).

Ending the container would take its address away as well. A crashed process refuses connections
at once; a missing address stalls Toxiproxy, which dials one connection after the other. A process
that ends by itself is started again after `RESTART_S`, if that is set and no fault holds it down: a
signal ends the wait for it. Signals are looked for right before each wait, which one that came
earlier would not end.

Each process takes the container's standard input over, which is its control channel; a shell gives
none to what it runs in the background, unless by another descriptor. An event is told behind a line
end, for a process that is killed may leave half a line; a crash behind what the process said of it.
"""

UP, DOWN = '{"event":"up"}', '{"event":"down"}'
CRASHED = re.compile(r'\{"event":"crashed","code":(?P<code>\d+)\}')
KILL, STOP, START = "SIGUSR1", "SIGHUP", "SIGUSR2"
