// The way to a session's engine: a WebSocket of the server that this page came from. Nothing else here knows of one, so that
// the same page can speak to a Worker: whatever has `send(text)` and calls `hear(text)`, `ready()` when it takes texts, `there()` when
// the engine itself answers, and `closed()` will do. One that has said what the engine then denies calls `anew()`.
export function transport(name, { hear, ready, there, closed }) {
  const address = new URL(`session/${name}`, location.href.split("#")[0].replace(/^http/, "ws"));
  const socket = new WebSocket(address);
  socket.onmessage = (event) => hear(event.data);
  socket.onopen = () => { there(); ready(); };
  socket.onclose = () => closed();
  return { send: (text) => socket.readyState === WebSocket.OPEN && socket.send(text), close: () => socket.close() };
}
