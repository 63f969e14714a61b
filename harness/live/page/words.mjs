// What holds, in words: how each variant does, and one sentence for all of them. Only from what was told, never from a lab's name.
import { h, many, place, plural, seconds, named, value } from "./dom.mjs";

const WELL = 0.95, DOWN = 0.05, BEFORE_S = 2;
const sum = (counts) => Object.values(counts).reduce((a, b) => a + b, 0);
export const failures = (load) => sum(load.failed);

// How a variant does: {tone, word, sign}; unknown is not zero.
export function verdict(run) {
  const look = run.shown;
  if (!look || (!look.load.sent && !look.load.under_way)) return { tone: "unknown", sign: "–", word: "not begun" };
  const { load } = look, ended = load.good + failures(load);
  if (!ended) {
    const answered = run.rows.some((row) => row.good || row.failed);
    return load.under_way && answered ? { tone: "falls", sign: "✗", word: "no answers" } : { tone: "unknown", sign: "–", word: "no answers yet" };
  }
  const share = load.good / ended;
  if (share >= WELL) return { tone: "stands", sign: "✓", word: "healthy" };
  const then = run.rowAt(look.at_s - BEFORE_S), busiest = worst(look), at = busiest ? look.hosts.indexOf(busiest) : -1;
  const grows = then && busiest?.gone > 20 && busiest.waiting > then.waiting[at] + 5;
  if (share <= DOWN) return { tone: "falls", sign: "✗", word: grows ? "down, queue grows" : "down" };
  const earlier = run.rowAt(look.at_s - 1);
  if (earlier && load.good > earlier.good + 3) return { tone: "climbs", sign: "▲", word: "coming back" };
  if (earlier && load.good < earlier.good - 3) return { tone: "falls", sign: "▼", word: "falling" };
  return { tone: "climbs", sign: "◐", word: `${Math.round(100 * share)} % good` };
}
// Whether calls pile up at a host by its own doing: what clients ask waits for what it asks itself, if there is anything behind.
export function isDeep(look, host) {
  const front = new Set(look.links.filter((link) => link.name.startsWith("client->")).map((link) => link.name.slice(8)));
  return !front.has(host.name) || host.gone > 0 || !["running", "absent"].includes(host.state) || look.hosts.every((one) => front.has(one.name));
}
// The host at which most waits for nobody, if there is one.
export function worst(look) {
  const [first] = look.hosts.filter((host) => isDeep(look, host)).sort((a, b) => b.gone - a.gone || b.waiting - a.waiting);
  return first?.waiting ? first : null;
}

const said = { stands: "is healthy", falls: "is down", climbs: "is coming back", unknown: "has not begun" };
const answers = (run, is) => (is.word === "not begun" ? "has not begun" : is.tone === "unknown" ? "has no answers yet" : run.shown.load.good === 0 ? "still answers nobody" : is.word === "falling" ? "is falling" : is.word === "coming back" ? "is coming back" : is.tone === "climbs" ? `answers only ${is.word.replace(" good", "")} well` : said[is.tone]);
function both(runs, broke) {
  const all = runs.map(verdict), names = runs.map((run) => run.title);
  if (runs.length > 1 && all.every((is) => is.tone === all[0].tone && (is.tone === "stands" || runs.every((run) => run.shown.load.good === 0)))) {
    return all[0].tone === "stands" ? "Both are healthy." : all[0].tone === "falls" ? (broke ? "Both still answer nobody." : "Both are down.") : "Neither has an answer yet.";
  }
  return runs.map((run, at) => { const words = answers(run, all[at]); return `${names[at]} ${broke ? words : words.replace("still ", "")}`; }).join(", ") + ".";
}

// The headline and the line under it: [text, nodes].
export function sentence(runs, cures) {
  const [first] = runs, look = first?.shown;
  if (!look) return ["", []];
  const there = [...new Map(runs.flatMap((run) => run.shown.faults.filter((fault) => fault.state !== "gone").map((fault) => [fault.said, fault]))).values()];
  if (!there.length && look.at_s === 0) {
    const ahead = first.script.filter((act) => act.at_s > 0);
    return ["Nothing is broken yet.", [ahead.length ? `Press play: the first fault comes at ${seconds(ahead[0].at_s)}.` : "Press play, then pick a place and break it."]];
  }
  if (there.length) {
    const since = Math.min(...there.map((fault) => fault.start_s));
    const what = there.length > 2 ? `${there.length} faults are there` : there.map((fault) => place(fault.said)).join(", ");
    return [`${what} for ${seconds(Math.max(0, look.at_s - since))}. ${both(runs, false)}`, pile(runs)];
  }
  const back = cures.filter((cure) => cure.at_s <= look.at_s).at(-1);
  if (!back) return [runs.every((run) => verdict(run).tone === "stands") ? "All is well." : both(runs, false), pile(runs)];
  const ago = Math.floor(look.at_s - back.at_s + 1e-6);
  const healed = ago < 1 ? `${place(back.what)} is back.` : `${place(back.what)} has been back for ${plural(ago, "second")}.`;
  return [`${healed} ${both(runs, true)}`, pile(runs)];
}
// What waits, and for whom.
function pile(runs) {
  const found = runs.map((run) => ({ run, host: worst(run.shown) })).filter((one) => one.host && one.host.waiting > 8).sort((a, b) => b.host.gone - a.host.gone || b.host.waiting - a.host.waiting)[0];
  if (!found) return [];
  const { run, host } = found, b = (text) => h("b", {}, text), whose = runs.length > 1 ? [b(run.title), ": "] : [];
  if (host.gone == null) return [...whose, b(many(host.waiting)), ` calls are in hand at ${host.name}.`];
  if (host.state === "paused") return [...whose, b(many(host.waiting)), ` calls are at ${host.name}, ${many(host.unread)} of them not even read`, host.gone ? [", and ", b(many(host.gone)), " callers have gone"] : "", "."].flat();
  if (host.gone) return [...whose, "of the ", b(many(host.waiting)), ` calls that wait at ${host.name}, `, b(many(host.gone)), " have nobody behind them any more."];
  return [...whose, b(many(host.waiting)), ` calls wait at ${host.name}, and all their callers still wait too.`];
}

const settings = (values) => Object.entries(values).map(([name, to]) => `${named(name).name} ${value(to)}`).join(", ");
// What was done, as a mark says it: [sign, words, kind].
export function actWords(act, kinds, before) {
  const known = (kind) => kinds.find((one) => one.kind === kind) ?? { does: kind, cures: `end ${kind}`, sign: "✕" };
  switch (act.do) {
    case "inject": if (act.fault.values) return ["", settings(act.fault.values), "fault"]; return [known(act.fault.kind).sign, known(act.fault.kind).does.toLowerCase(), "fault"];
    case "heal": { const fault = before.filter((one) => one.do === "inject")[act.fault - 1]?.fault; if (fault?.values) return ["▷", "as it was", "cure"]; return ["▷", known(fault?.kind ?? "").cures.toLowerCase(), "cure"]; }
    case "heal all": return ["▷", "heal all", "cure"];
    case "set": return ["", `${named(act.name.slice(act.name.indexOf(".") + 1)).name} → ${value(act.value)}`, "set"];
    case "unset": return ["↺", `${named(act.name.slice(act.name.indexOf(".") + 1)).name} as it was`, "set"];
    case "pace": return ["", `load × ${value(act.times)}`, "set"];
    case "send": return ["", `+ ${plural(act.count ?? 1, "request")}`, "set"];
    default: return ["", act.do, "set"];
  }
}
// When what was healed, of a run: for the sentence.
export function cures(run, at_s) {
  const injected = [], healed = [];
  const target = (fault) => (fault.target ?? fault.one?.join(", "));
  for (const act of run.done(at_s)) {
    if (act.do === "inject") injected.push({ what: target(act.fault) });
    if (act.do === "heal" && injected[act.fault - 1]) { healed.push({ at_s: act.at_s, what: injected[act.fault - 1].what }); injected[act.fault - 1].over = true; }
    if (act.do === "heal all") for (const one of injected.filter((each) => !each.over)) { one.over = true; healed.push({ at_s: act.at_s, what: one.what }); }
  }
  for (const one of run.windows) if (one.end_s !== undefined) healed.push({ at_s: one.end_s, what: one.target });
  return healed.sort((a, b) => a.at_s - b.at_s);
}
// When faults were there: [{start_s, end_s?, kind}].
export function windows(run, at_s) {
  const there = [], out = [];
  for (const act of run.done(at_s)) {
    if (act.do === "inject") there.push({ start_s: act.at_s, kind: act.fault.kind });
    if (act.do === "heal" && there[act.fault - 1]) there[act.fault - 1].end_s ??= act.at_s;
    if (act.do === "heal all") for (const one of there) one.end_s ??= act.at_s;
  }
  out.push(...there, ...run.windows);
  return out.filter((one) => one.start_s <= at_s);
}
