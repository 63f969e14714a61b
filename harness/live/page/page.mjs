// The console's page: sends commands over one WebSocket, shows what it is told. No library, no build.
import { topology, repaint, chart } from "./drawing.mjs";

const $ = (id) => document.getElementById(id);
const root = document.documentElement;
const state = { opened: null, drawn: null, tick: null, seconds: new Map(), windows: [], playing: false, chosen: null, faults: [], script: [], furthest: 0 };
const hash = () => new URLSearchParams(location.hash.slice(1));
const name = hash().get("session") ?? Math.random().toString(36).slice(2, 12);
const own = Math.random().toString(36).slice(2, 10); // pages that look at one session tell their answers apart by it
let socket, number = 0;
const waiting = new Map();

function send(message) {
  const id = `${own}-${++number}`;
  socket.send(JSON.stringify({ ...message, id }));
  return new Promise((done) => waiting.set(id, done));
}
function say(text, bad = false) { $("said").textContent = text; $("said").className = bad ? "bad" : ""; }

function connect() {
  socket = new WebSocket(new URL(`session/${name}`, location.href.replace(/^http/, "ws").split("#")[0]));
  socket.onmessage = (event) => { const message = JSON.parse(event.data); told[message.say]?.(message); };
  socket.onopen = () => send({ do: "hello" });
  socket.onclose = () => { root.dataset.state = "closed"; say("The session is over. Load the page again to open it anew; the address holds all that you did.", true); };
}

const told = {
  ok: ({ id }) => { waiting.get(id)?.(true); waiting.delete(id); },
  refused: ({ id, why }) => { if (id && !waiting.has(id)) return; waiting.get(id)?.(false); waiting.delete(id); say(why, true); },
  failed: ({ why }) => { root.dataset.state = "failed"; playing(false); say(why, true); },
  hello: (hello) => {
    state.kinds = hello.faults;
    $("lab").replaceChildren(...hello.labs.map((lab) => new Option(`${lab.name}: ${lab.title}`, lab.name)));
    root.dataset.state = "ready";
    if (!state.opened) openFromAddress();
  },
  opened: (opened) => {
    for (const part of document.querySelectorAll("[inert]")) part.inert = false; // before, there is nothing to work on
    say("");
    const same = ["lab", "variant", "seed"].every((one) => opened[one] === state.opened?.[one]);
    if (!same) Object.assign(state, { seconds: new Map(), windows: [], chosen: null, furthest: 0 });
    Object.assign(state, { opened, again: true, script: opened.experiment.script, shown: "", drawnTo: "" });
    root.dataset.lab = opened.lab; root.dataset.state = "ready"; delete root.dataset.digest;
    $("title").textContent = opened.title; $("question").textContent = opened.question;
    $("lab").value = opened.lab; $("seed").value = opened.seed;
    $("variant").replaceChildren(...opened.variants.map((one) => new Option(`${one.name} (${one.kind})`, one.name)));
    $("variant").value = opened.variant;
    state.drawn = topology($("topology"), opened, choose);
    forms(); showScript();
  },
  tick: (tick) => {
    state.tick = tick;
    playing(tick.speed > 0);
    if (state.again) { // a moment was gone back to: what was seen before it stays, what came after is gone
      state.again = false;
      for (const second of [...state.seconds.keys()]) if (second >= Math.floor(tick.at_s)) state.seconds.delete(second);
      state.windows = state.windows.filter((one) => one.start < tick.at_s).map((one) => (one.end < tick.at_s ? one : { ...one, end: undefined }));
    }
    state.furthest = Math.max(state.furthest, tick.at_s);
    if (root.dataset.state !== "done") root.dataset.state = state.playing ? "running" : "ready";
    $("clock").textContent = `${tick.at_s.toFixed(2)} s`;
    $("line").max = Math.min(state.opened.duration_s, Math.max(30, Math.ceil(state.furthest / 30) * 30));
    if (document.activeElement !== $("line")) $("line").value = tick.at_s;
    repaint(state.drawn, tick);
    numbers(tick); faults(tick);
    const failed = Object.values(tick.load.failed).reduce((a, b) => a + b, 0);
    const second = Math.floor(tick.at_s - 1e-9);
    if (second >= 0) state.seconds.set(second, { good: tick.load.good, failed, p50: tick.load.p50_ms, p99: tick.load.p99_ms });
    tick.series?.[0]?.curves.good.forEach((good, at) => { // all of the past, also where this page has not seen it
      if (at < Math.floor(tick.at_s)) state.seconds.set(at, { ...state.seconds.get(at), good, failed: tick.series[0].curves.failed[at] });
    });
    charts(tick);
    $("notes").replaceChildren(...tick.notes.map(item));
  },
  acted: () => {},
  ended: ({ digest }) => { root.dataset.digest = digest; root.dataset.state = "done"; playing(false); say("The run is over: every request is answered."); },
  exported: ({ experiment }) => {
    state.script = experiment.script; showScript();
    const kept = { ...experiment };
    history.replaceState(null, "", `#${new URLSearchParams({ lab: kept.lab, at: state.tick?.at_s ?? 0, experiment: JSON.stringify(kept) })}`);
  },
  followed: () => {},
};

function openFromAddress() {
  const given = hash();
  let experiment = { lab: given.get("lab") ?? $("lab").value, script: [] };
  try { if (given.get("experiment")) experiment = JSON.parse(given.get("experiment")); } catch { say("The experiment in the address is not JSON.", true); }
  send({ do: "open", experiment, to_s: Number(given.get("at") ?? 0) || 0 });
}
const item = (text) => Object.assign(document.createElement("li"), { textContent: text });
const words = (act) => act.do === "inject" ? `${act.fault.kind} ${act.fault.target ?? ""}` : [act.do, act.name, act.value, act.times, act.count, act.fault].filter((one) => one !== undefined).join(" ");
function showScript() { $("script").replaceChildren(...state.script.map((act) => item(`${act.at_s.toFixed(2)} s: ${words(act)}`))); }
function playing(on) { state.playing = on; $("play").textContent = on ? "Pause" : "Play"; }

async function act(operation) {
  const taken = await send({ do: "act", operation });
  if (taken) { say(`${words(operation)} at ${state.tick.at_s.toFixed(2)} s`); send({ do: "export" }); }
}
function numbers({ load }) {
  const failed = Object.entries(load.failed);
  const rows = [["good/s", load.good], ["failed/s", failed.reduce((sum, [, count]) => sum + count, 0)], ["p50", load.p50_ms === null ? "–" : `${load.p50_ms.toFixed(0)} ms`], ["p99", load.p99_ms === null ? "–" : `${load.p99_ms.toFixed(0)} ms`], ["under way", load.under_way], ...failed];
  $("numbers").replaceChildren(...rows.map(([term, value]) => { const row = document.createElement("div"); row.innerHTML = "<dt></dt><dd></dd>"; row.children[0].textContent = term; row.children[1].textContent = value; return row; }));
}
function faults(tick) {
  for (const fault of tick.faults) if (!state.windows.some((one) => one.number === fault.number && one.name === fault.name && !one.end)) state.windows.push({ number: fault.number, name: fault.name, start: fault.at_s });
  for (const one of state.windows) if (!one.end && !tick.faults.some((fault) => fault.number === one.number && fault.name === one.name && fault.state !== "gone")) one.end = tick.at_s;
  const key = JSON.stringify(tick.faults);
  if (key === state.shown) return;
  state.shown = key;
  $("faults").replaceChildren(...tick.faults.map((fault) => {
    const row = item(`${fault.said} (${fault.state}, since ${fault.at_s.toFixed(2)} s) `);
    if (fault.number !== null) { const heal = Object.assign(document.createElement("button"), { textContent: "Heal" }); heal.setAttribute("aria-label", `Heal ${fault.said}`); heal.onclick = () => act({ do: "heal", fault: fault.number }); row.append(heal); }
    return row;
  }));
}
function charts(tick) {
  const until = Math.max(10, Math.ceil(tick.at_s)), seconds = [...Array(Math.ceil(tick.at_s)).keys()];
  if (state.drawnTo === `${until} ${Math.floor(tick.at_s * 4)}`) return;
  state.drawnTo = `${until} ${Math.floor(tick.at_s * 4)}`;
  const of = (field) => seconds.map((second) => state.seconds.get(second)?.[field] ?? NaN);
  const windows = state.windows.map((one) => [one.start, one.end ?? tick.at_s]);
  chart($("chart"), [{ values: of("good"), class: "good" }, { values: of("failed"), class: "bad", dash: "5 3" }], windows, until);
  $("chart").setAttribute("aria-label", `Requests each second: ${tick.load.good} good now; the table below has all`);
  $("table").innerHTML = "<thead><tr><th>second</th><th>good</th><th>failed</th><th>p50 ms</th><th>p99 ms</th></tr></thead>";
  const body = $("table").createTBody();
  for (const second of seconds.slice(-60)) { const row = body.insertRow(), at = state.seconds.get(second); for (const value of [second, at?.good, at?.failed, at?.p50, at?.p99]) row.insertCell().textContent = value == null ? "–" : Math.round(value); }
  if (tick.series) $("plots").replaceChildren(...tick.series.slice(1).flatMap((plot) => {
    const head = Object.assign(document.createElement("h3"), { textContent: `${plot.title}${plot.unit ? ` (${plot.unit})` : ""}: ${Object.keys(plot.curves).join(", ")}` });
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("role", "img"); svg.setAttribute("aria-label", plot.title);
    const kinds = ["good", "bad", "act", "line"];
    chart(svg, Object.values(plot.curves).map((values, i) => ({ values: values.map((v) => v ?? NaN), class: kinds[i % 4], dash: i ? `${3 + 2 * i} 3` : "" })), windows, until);
    return [head, svg];
  }));
}

function choose(kind, target) { state.chosen = { kind, target }; forms(); $("forms").querySelector("button")?.focus(); }
function forms() {
  const box = $("forms"); box.replaceChildren();
  if (!state.chosen) return;
  const { kind, target } = state.chosen;
  $("chosen").textContent = `Break ${target}, or change its settings.`;
  const set = document.createElement("fieldset"); set.append(Object.assign(document.createElement("legend"), { textContent: `Faults of ${target}` }));
  for (const fault of state.kinds.filter((one) => one.on === kind && one.kind !== "Configure" && one.kind !== "MemoryLimit")) {
    const form = document.createElement("form"); form.title = fault.about;
    form.append(Object.assign(document.createElement("button"), { textContent: fault.kind }));
    for (const field of fault.fields) form.append(input(field, field.default ?? usual[field.name] ?? 1));
    form.onsubmit = (event) => { event.preventDefault(); act({ do: "inject", fault: { kind: fault.kind, target, ...values(form, fault.fields) } }); };
    set.append(form);
  }
  box.append(set);
  const host = state.opened.hosts.find((one) => one.name === target);
  if (!host?.settings.length) return;
  const live = document.createElement("fieldset"); live.append(Object.assign(document.createElement("legend"), { textContent: `Live settings of ${target}` }));
  const guards = document.createElement("details"); guards.append(Object.assign(document.createElement("summary"), { textContent: "Guards" }));
  for (const setting of host.settings) {
    const form = document.createElement("form"), field = { name: setting.name, type: setting.choices.length ? "choice" : typeof setting.value === "number" ? "float" : typeof setting.value === "boolean" ? "bool" : "str", choices: setting.choices };
    form.append(input(field, setting.value), Object.assign(document.createElement("button"), { textContent: "Set" }));
    form.onsubmit = (event) => { event.preventDefault(); act({ do: "set", name: `${target}.${setting.name}`, value: values(form, [field])[setting.name] }); };
    (setting.name.includes(".") ? guards : live).append(form);
  }
  live.append(guards); box.append(live);
}
const usual = { latency_ms: 200, factor: 4, rate_kbps: 10, delay_ms: 1000, average_bytes: 100, limit_bytes: 1000, skew_s: 5 };
function input(field, value) {
  const label = Object.assign(document.createElement("label"), { textContent: `${field.name} ` });
  const made = document.createElement(["choice", "bool"].includes(field.type) ? "select" : "input");
  if (field.type === "choice") made.append(...field.choices.map((one) => new Option(one)));
  else if (field.type === "bool") made.append(new Option("true"), new Option("false"));
  else if (["int", "float"].includes(field.type)) Object.assign(made, { type: "number", step: field.type === "int" ? 1 : "any" });
  made.name = field.name; made.value = String(value);
  label.append(made);
  return label;
}
function values(form, fields) {
  return Object.fromEntries(fields.map(({ name, type }) => { const text = form.elements[name].value; return [name, ["int", "float"].includes(type) ? Number(text) : type === "bool" ? text === "true" : text]; }));
}

const toggle = async () => { const on = !state.playing; await send(on ? { do: "play", speed: Number($("speed").value) } : { do: "pause" }); };
$("play").onclick = toggle;
$("speed").onchange = () => state.playing && send({ do: "play", speed: Number($("speed").value) });
$("heal").onclick = () => act({ do: "heal all" });
$("pace").onchange = () => act({ do: "pace", times: Number($("pace").value) });
$("export").onclick = () => { send({ do: "export" }).then(() => { const text = hash().get("experiment") ?? "{}"; const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob([JSON.stringify(JSON.parse(text), null, 1)])), download: `${state.opened.lab}.json` }); link.click(); }); };
$("own").onclick = () => send({ do: "open", experiment: { ...state.opened.experiment, script: state.opened.script }, to_s: 0 }).then((taken) => taken && say("The lab's own faults will come as they do in the lab: replayed from the start."));
$("choose").onsubmit = (event) => { event.preventDefault(); state.furthest = 0; send({ do: "open", experiment: { lab: $("lab").value, seed: Number($("seed").value), script: [], ...($("lab").value === state.opened?.lab ? { variant: $("variant").value } : {}) } }); };
$("line").onchange = () => { const to = Number($("line").value); playing(false); send(to < state.tick.at_s ? { do: "rewind", to_s: to } : { do: "advance", to_s: to }); $("line").blur(); };
for (const button of document.querySelectorAll("[data-step]")) button.onclick = () => { playing(false); send({ do: "step", by: button.dataset.step }); };
for (const button of document.querySelectorAll("[data-send]")) button.onclick = () => act({ do: "send", count: Number(button.dataset.send) });
addEventListener("keydown", (event) => {
  if (!state.opened) return;
  if (/INPUT|SELECT|TEXTAREA|BUTTON/.test(event.target.tagName) || event.target.closest("[role=button]") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " ") { event.preventDefault(); toggle(); }
  if (event.key === "h") act({ do: "heal all" });
});
connect();
