// Sliders of calculators. The page stands without this script; Python is fetched when a visitor first touches a field.
import { cacheWithCalculators, serviceWorkerReady } from "../offline_client.mjs";

const main = document.querySelector("main"), engine = document.getElementById("engine");
const LOADING = "Loading Python: some seconds, once.";
const COMPUTES = "Sliders and fields compute anew, with the Python of this tab.";
const TOO_LONG = "These numbers take too long to compute: choose smaller ones.";
const PATIENCE_MS = 20000;
let worker, running, waiting, late, asked = 0;

const state = (name, said) => { main.dataset.state = name; engine.textContent = said; };
function show(section, { value, refused, figure, table, gaps }) {
  const put = (at, what, how = "textContent") => { const part = section.querySelector(at); if (part && what !== undefined) part[how] = what; };
  put(".value", value);
  put(".refused", refused);
  if (table) { put(".drawn", figure, "innerHTML"); put(".scroll", table, "innerHTML"); put(".gaps", gaps); }
}

function send(section) {
  start();
  section.setAttribute("aria-busy", "true");
  if (main.dataset.state !== "ready") show(section, { value: "", refused: LOADING });
  if (waiting) { waiting.next = section; return; }
  const form = section.querySelector("form"), id = ++asked;
  const values = Object.fromEntries(new FormData(form)), vary = form.querySelector(".vary")?.value ?? null;
  waiting = { id, section };
  worker.then((python) => {
    late = setTimeout(stop, PATIENCE_MS, TOO_LONG);
    python.postMessage({ id, text: JSON.stringify({ name: section.dataset.name, values, vary }) });
  });
}
function answered({ id, text }) {
  if (waiting?.id !== id) return;
  clearTimeout(late);
  const { section, next } = waiting;
  waiting = undefined;
  section.removeAttribute("aria-busy");
  show(section, JSON.parse(text));
  section.dataset.answers = Number(section.dataset.answers ?? 0) + 1;
  if (next) send(next);
}
// Ends the worker, with whatever it computes; the next change starts another.
function stop(why) {
  running.terminate();
  clearTimeout(late);
  for (const section of document.querySelectorAll("[aria-busy]")) {
    section.removeAttribute("aria-busy");
    show(section, { value: "", refused: why });
  }
  worker = waiting = undefined;
  state("failed", why);
}
function start() {
  worker ??= serviceWorkerReady().then(() => new Promise((done) => {
    state("loading", LOADING);
    running = new Worker(new URL("worker.mjs", import.meta.url), { type: "module" });
    const failed = (why) => stop(`Python failed: ${why}. Move a slider to try again, or type ./lab calc in a terminal.`);
    running.onerror = (event) => failed(event.message || "it did not start");
    running.onmessage = ({ data }) => {
      if (data.failed) failed(data.failed);
      else if (data.ready) { state("ready", COMPUTES); done(running); cacheWithCalculators(); }
      else answered(data);
    };
  }));
}

const share = (slider) => Number(slider.value) / Number(slider.max);
function typed(slider) {
  const { low, high, log, whole } = slider.dataset, from = Number(low), to = Number(high);
  const value = log === undefined ? from + (to - from) * share(slider) : from * (to / from) ** share(slider);
  return String(whole === undefined ? Number(value.toPrecision(4)) : Math.round(value));
}
function slide(slider, text) {
  const { low, high, log } = slider.dataset, from = Number(low), to = Number(high), value = Number(text);
  const at = log === undefined ? (value - from) / (to - from) : Math.log(value / from) / Math.log(to / from);
  if (text.trim() && Number.isFinite(at)) slider.value = Math.round(at * Number(slider.max));
}
const spoken = (row) => row.querySelector("[type=range]")?.setAttribute("aria-valuetext", `${row.querySelector("[name]").value} ${row.querySelector(".unit").textContent}`);

for (const section of document.querySelectorAll(".calculator")) {
  const form = section.querySelector("form");
  for (const field of form.querySelectorAll(":disabled")) field.disabled = false;
  form.addEventListener("input", ({ target }) => {
    const row = target.closest(".row");
    if (target.type === "range") row.querySelector("[name]").value = typed(target);
    else if (target.type === "text" && row.querySelector("[type=range]")) slide(row.querySelector("[type=range]"), target.value);
    if (target.closest(".field")) spoken(row);
    send(section);
  });
  form.addEventListener("reset", () => setTimeout(() => { form.querySelectorAll(".field .row").forEach(spoken); send(section); }));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("pointerdown", start);
}
if (engine) engine.textContent = "Move a slider: Python is then loaded into this tab.";
