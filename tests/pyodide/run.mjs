// Runs digest.py on this checkout's own sources, under Pyodide; arguments are passed on to it.
// How long it took to get there goes to standard error.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadPyodide } from "../../harness/site/runtime/node_modules/pyodide/pyodide.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const WHEELS = fileURLToPath(new URL("../../harness/site/runtime/wheels/", import.meta.url));

let began = performance.now();
function took(what) {
  const now = performance.now();
  console.error(`${what}: ${((now - began) / 1000).toFixed(2)} s`);
  began = now;
}

async function main() {
  // No bytecode: the checkout is mounted, and another Python's does not belong there.
  const python = await loadPyodide({ env: { PYTHONDONTWRITEBYTECODE: "1" } });
  took("load");
  for (const name of readdirSync(WHEELS).filter((name) => name.endsWith(".whl"))) {
    python.unpackArchive(new Uint8Array(readFileSync(WHEELS + name)), "wheel");
  }
  took("unpack wheels");
  python.mountNodeFS("/chaoslab", ROOT);
  python.globals.set("seeds", process.argv.slice(2));
  // Pyodide keeps its own loop marked as running, beside which asyncio starts no other.
  python.runPython(`
import asyncio, runpy, sys
asyncio.events._set_running_loop(None)
sys.path.insert(0, "/chaoslab")
sys.argv = ["digest.py", *seeds]
import harness.engines.sim.engine
`);
  took("import");
  python.runPython(`runpy.run_path("/chaoslab/tests/pyodide/digest.py", run_name="__main__")`);
  took("run");
}

// Left to itself, Node would show the line that threw: a megabyte of compiled JavaScript.
main().catch((error) => {
  console.error(error.message ?? error);
  process.exitCode = 1;
});
