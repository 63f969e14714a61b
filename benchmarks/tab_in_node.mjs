// Plays labs in Node as a tab does: node tab_in_node.mjs SITE, with [[lab, variant, duration_s, slice_s], ...] as JSON on
// standard input. Prints, for each, how many milliseconds of CPU each slice took: other programs hardly change those.
import fs from "node:fs";
import path from "node:path";

const engine = path.resolve(process.argv[2], "engine");
const bytes = (name) => new Uint8Array(fs.readFileSync(path.join(engine, name)));
const told = fs.readFileSync(path.join(engine, "bundle.json"), "utf8");
const { loadPyodide } = await import(path.join(engine, "pyodide", "pyodide.mjs"));
const python = await loadPyodide({
  indexURL: path.join(engine, "pyodide/"),
  stdLibURL: path.join(engine, "stdlib.wasm"),
  lockFileContents: JSON.stringify({ info: JSON.parse(told).python, packages: {} }),
  env: { PYTHONHASHSEED: "0", PYTHONDONTWRITEBYTECODE: "1", HOME: "/home" },
});
const cpuMs = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
let failed;
const tell = (session, text) => { if (/"say": "(failed|refused)"/.test(text)) failed = `${session}: ${text}`; };
for (const [name, value] of Object.entries({ fetched: bytes, told, tell })) python.globals.set(name, value);
python.FS.writeFile("/core.zip", bytes("core.wasm"));
const tab = python.runPython(`
import gc, json, sys
gc.set_threshold(1_000_000, 10, 10)  # as in the worker
sys.path.append("/core.zip")
from harness.site import later, tab
bundle = json.loads(told)
later.wait_for(lambda part: fetched(f"{part}.wasm").to_bytes(), bundle["parts"], "/later")
tab.started(tell, json.dumps(bundle["labs"]), lambda name: fetched(name).to_bytes().decode())
`);

function say(session, message) {
  tab.take(session, JSON.stringify({ id: 1, ...message }));
  while (tab.pass_time(0) >= 0);
  if (failed) throw new Error(failed);
}
function play([lab, variant, duration_s, slice_s], session) {
  say(session, { do: "open", experiment: { lab, variant, seed: 1, faults: "lab", duration_s, script: [] } });
  const took = [];
  for (let at = 1; at * slice_s < duration_s + 1e-9; at++) {
    const began = cpuMs();
    say(session, { do: "advance", to_s: Math.round(at * slice_s * 1e6) / 1e6 });
    took.push(cpuMs() - began);
  }
  tab.close(session);
  return took;
}

const asked = JSON.parse(fs.readFileSync(0, "utf8"));
console.log(JSON.stringify(asked.map((one, number) => play(one, `${one[0]} ${number}`))));
