"""What an event loop in virtual time does not have, and what a service uses in its place."""

from collections.abc import Mapping

CALLS = "call by the callee's name: ctx.call(callee), asyncio.open_connection(callee, port)"
NO_THREADS = "a simulated host has no threads"
NO_SOCKETS = f"a simulated host has no sockets of the machine; {CALLS}"
NO_PROCESSES = "a simulated host is one process; make the other a service of the lab"
NO_SIGNALS = "a simulated host has no signals; clean up in the application's on_cleanup"
NO_PIPES = "a simulated host has no files or pipes; use ctx.volume"

EXECUTOR = f"{NO_THREADS}; use ctx.work(ms)"

REFUSED: Mapping[str, str] = {
    "set_default_executor": EXECUTOR,
    "getaddrinfo": f"{NO_THREADS} and no resolver, DNS is not simulated; {CALLS}",
    "getnameinfo": f"{NO_THREADS} and no resolver, DNS is not simulated; {CALLS}",
    "add_signal_handler": NO_SIGNALS,
    "remove_signal_handler": NO_SIGNALS,
    "subprocess_exec": NO_PROCESSES,
    "subprocess_shell": NO_PROCESSES,
    "connect_read_pipe": NO_PIPES,
    "connect_write_pipe": NO_PIPES,
    "sendfile": NO_PIPES,
    "create_datagram_endpoint": f"links carry TCP only, UDP is not simulated; {CALLS}",
    "create_unix_connection": NO_SOCKETS,
    "create_unix_server": f"{NO_SOCKETS} or loop.create_server(factory, port=port)",
    "connect_accepted_socket": NO_SOCKETS,
    "start_tls": "links carry plain TCP, TLS is not simulated; use http://",
    "add_reader": NO_SOCKETS,
    "add_writer": NO_SOCKETS,
    "remove_reader": NO_SOCKETS,
    "remove_writer": NO_SOCKETS,
    "sock_accept": NO_SOCKETS,
    "sock_connect": NO_SOCKETS,
    "sock_recv": NO_SOCKETS,
    "sock_recv_into": NO_SOCKETS,
    "sock_recvfrom": NO_SOCKETS,
    "sock_recvfrom_into": NO_SOCKETS,
    "sock_sendall": NO_SOCKETS,
    "sock_sendfile": NO_SOCKETS,
    "sock_sendto": NO_SOCKETS,
}
"""Methods of a loop that are refused, and the way to do it."""
