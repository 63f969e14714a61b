// The address holds the experiment: lab, seed, variants, moment, settings and script. Opening it again gives the same runs.
export function read() {
  const given = new URLSearchParams(location.hash.slice(1));
  const number = (name, least = 0) => { const value = Number(given.get(name)); return given.get(name) !== null && Number.isFinite(value) && value >= least ? value : undefined; };
  const list = (text) => text?.split(",").filter(Boolean);
  const found = { lab: given.get("lab") ?? undefined, seed: number("seed"), with: list(given.get("with")), at_s: number("t") ?? 0, duration_s: number("lasts", 0.1), session: given.get("session") ?? undefined, tool: given.get("tool") ?? undefined, system: undefined, runs: undefined };
  if (given.get("system")) found.system = JSON.parse(given.get("system"));
  if (given.get("runs")) found.runs = JSON.parse(given.get("runs"));
  if (found.runs !== undefined && !(Array.isArray(found.runs) && found.runs.length <= 2 && found.runs.every((run) => run && typeof run === "object" && !Array.isArray(run)))) throw new Error("runs must be a list of at most two experiments");
  return found;
}

// Only what is needed: a script that all runs share is written once for all of them.
export function written(runs, at_s, planned, beside) {
  const [first] = runs, { lab, seed, duration_s } = first.opened.experiment;
  const experiments = runs.map((run) => { const { settings, faults } = run.opened.experiment; return { ...(settings ? { settings } : {}), ...(faults ? { faults } : {}), script: [...run.script, ...heals(run, planned)].sort((a, b) => a.at_s - b.at_s) }; });
  const fields = { ...beside, lab, seed: seed ?? first.opened.seed, with: runs.map((run) => run.variant).join(","), t: Math.round(at_s * 1e6) / 1e6 };
  if (duration_s && duration_s !== 600) fields.lasts = duration_s;
  if (experiments.some((one) => one.script.length || one.settings || one.faults)) fields.runs = JSON.stringify(same(experiments) ? experiments.slice(0, 1) : experiments);
  return `#${new URLSearchParams(fields)}`;
}
const same = (all) => new Set(all.map((one) => JSON.stringify(one))).size === 1;
const heals = (run, planned) => planned.filter((one) => one.run === run && run.faults.some((fault) => fault.number === one.fault)).map((one) => ({ at_s: one.end_s, do: "heal", fault: one.fault }));

// One experiment for each run that is asked for.
export function experiments(found, variants) {
  const names = found.with?.length ? found.with.slice(0, 2) : variants;
  return names.map((variant, at) => {
    const own = found.runs?.[at] ?? found.runs?.[0] ?? {};
    return { script: [], ...own, lab: found.lab, variant, ...(found.seed === undefined ? {} : { seed: found.seed }), ...(found.duration_s ? { duration_s: found.duration_s } : {}) };
  });
}
// What is to be seen first: the first that breaks beside the last that holds.
export function usual(variants) {
  const broken = variants.find((one) => one.kind === "broken") ?? variants[0], fixed = variants.findLast((one) => one.kind === "fixed");
  return fixed && fixed !== broken ? [broken.name, fixed.name] : [broken.name];
}
// What is given, and no more: the engine refuses what it does not know.
export const clean = (experiment) => Object.fromEntries(Object.entries(experiment).filter(([, given]) => given !== undefined && given !== ""));
export const own = (run) => { const { settings, faults } = run.opened.experiment; return clean({ settings, faults, script: run.script }); };
