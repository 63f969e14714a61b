// The engine of all sessions of a tab: CPython compiled to WebAssembly, with the simulator in it.
// It is told {session, text} and {session, close}; it tells {session, text}, {fetched}, {ready} and {failed}.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const at = (name) => new URL(name, import.meta.url).href;

async function bytes(name) {
  const answer = await fetch(at(name));
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}
// An import cannot wait for a promise. A worker may wait for an answer without one.
function bytesNow(name) {
  const asking = new XMLHttpRequest();
  asking.open("GET", at(name), false);
  asking.responseType = "arraybuffer";
  asking.send();
  if (asking.status !== 200) throw new Error(`${name}: ${asking.status}`);
  postMessage({ fetched: asking.responseURL });
  return new Uint8Array(asking.response);
}

async function start() {
  const told = fetch(at("bundle.json")).then((answer) => answer.text());
  const [python, core] = await Promise.all([
    loadPyodide({
      indexURL: at("pyodide/"),
      stdLibURL: at("stdlib.wasm"),
      // What it would fetch to know of packages that are not asked for.
      lockFileContents: told.then((text) => JSON.stringify({ info: JSON.parse(text).python, packages: {} })),
      env: { PYTHONHASHSEED: "0", PYTHONDONTWRITEBYTECODE: "1", HOME: "/home" },
    }),
    bytes("core.wasm"),
  ]);
  python.FS.writeFile("/core.zip", core);
  python.globals.set("fetched", bytesNow);
  python.globals.set("told", await told);
  python.globals.set("tell", (session, text) => postMessage({ session, text }));
  return python.runPython(`
import gc, json, sys
gc.set_threshold(1_000_000, 10, 10)  # a tenth of the start would go into looking for garbage
sys.path.append("/core.zip")
from harness.site import later, tab
bundle = json.loads(told)
later.wait_for(lambda part: fetched(f"{part}.wasm").to_bytes(), bundle["parts"], "/later")
tab.started(tell, json.dumps(bundle["labs"]), lambda name: fetched(name).to_bytes().decode())
`);
}

const waiting = [];
let tab, since = 0, asleep = true;

function take({ session, text, close }) {
  if (close) tab.close(session);
  else tab.take(session, text);
  if (asleep) {
    asleep = false;
    since = performance.now();
    setTimeout(pass);
  }
}
function pass() {
  const now = performance.now(), wait_s = tab.pass_time((now - since) / 1000);
  since = now;
  asleep = wait_s < 0;
  if (!asleep) setTimeout(pass, 1000 * wait_s);
}
const fail = (error) => {
  console.error(error);
  postMessage({ failed: String(error?.message ?? error).trim().split("\n").at(-1) });
};
const careful = (work) => (...given) => { try { work(...given); } catch (error) { fail(error); } };

onmessage = ({ data }) => (tab ? careful(take)(data) : waiting.push(data));
try {
  tab = await start();
  postMessage({ ready: true });
  for (const data of waiting.splice(0)) careful(take)(data);
} catch (error) {
  fail(error);
}
