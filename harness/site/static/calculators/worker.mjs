// The formulas in a tab: the Python of the labs' engine, with the calculators in place of sessions.
// It is told {id, text}; it tells {id, text}, {ready} and {failed}.
import { loadPyodide } from "../engine/pyodide/pyodide.mjs";

const at = (name) => new URL(`../engine/${name}`, import.meta.url).href;
async function bytes(name) {
  const answer = await fetch(at(name));
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}
async function start() {
  const { python: info } = await (await fetch(at("bundle.json"))).json();
  const [python, ...parts] = await Promise.all([
    loadPyodide({
      indexURL: at("pyodide/"),
      stdLibURL: at("stdlib.wasm"),
      lockFileContents: JSON.stringify({ info, packages: {} }),
      env: { PYTHONHASHSEED: "0", PYTHONDONTWRITEBYTECODE: "1", HOME: "/home" },
    }),
    bytes("core.wasm"),
    bytes("calc.wasm"),
  ]);
  parts.forEach((part, number) => python.FS.writeFile(["/core.zip", "/calc.zip"][number], part));
  return python.runPython(`
import sys
sys.path += ["/core.zip", "/calc.zip"]
import harness
harness.__path__.append("/calc.zip/harness")
from harness.calculators.answers import answered
answered
`);
}

const fail = (error) => {
  console.error(error);
  postMessage({ failed: String(error?.message ?? error).trim().split("\n").at(-1) });
};
const waiting = [];
let answered;
function take({ id, text }) {
  try { postMessage({ id, text: answered(text) }); } catch (error) { fail(error); }
}
onmessage = ({ data }) => (answered ? take(data) : waiting.push(data));
try {
  answered = await start();
  postMessage({ ready: true });
  waiting.splice(0).forEach(take);
} catch (error) {
  fail(error);
}
