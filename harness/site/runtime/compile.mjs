// Compiles a staged tree to bytecode by the very Python that will load it: node compile.mjs STAGE OUT
import { loadPyodide } from "./node_modules/pyodide/pyodide.mjs";

const [stage, out] = process.argv.slice(2);
try {
  // Bytecode without columns is smaller; tracebacks still have lines.
  const env = { PYTHONDONTWRITEBYTECODE: "1", PYTHONHASHSEED: "0", PYTHONNODEBUGRANGES: "1" };
  const python = await loadPyodide({ env });
  python.mountNodeFS("/stage", stage);
  python.mountNodeFS("/out", out);
  python.runPython(`
import runpy, sys
sys.path.insert(0, "/stage/app")
runpy.run_path("/stage/app/harness/site/packing.py", run_name="__main__")
`);
} catch (error) {
  // Left to itself, Node would show the line that threw: a megabyte of compiled JavaScript.
  console.error(error.message ?? error);
  process.exitCode = 1;
}
