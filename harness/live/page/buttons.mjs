// What the page's own buttons do; those that are made of what the engine tells stand with what they are of.
import { $, h } from "./dom.mjs";
import { SPEEDS } from "./clock.mjs";

// Hides what the engine cannot, and shows what is said of that.
export function limit(page) {
  $("engine").textContent = page.engine;
  for (const part of document.querySelectorAll("[data-needs]")) part.hidden = !page.can(part.dataset.needs);
  for (const part of document.querySelectorAll("[data-lacks]")) part.hidden = page.can(part.dataset.lacks);
}
export function buttons(page) {
  // After a click with the mouse, Space plays and pauses again; whoever uses the keyboard keeps the focus.
  addEventListener("click", (event) => event.detail && event.target.closest?.("button")?.blur());
  const on = (id, act) => ($(id).onclick = act);
  on("play", () => page.toggle()); on("back", () => page.settle(page.clock.at_s - 1)); on("heal", () => page.healAll()); on("finish", () => page.clock.finish());
  on("copy", () => page.copy()); on("present", () => page.present()); on("list-keys", () => page.listKeys()); on("read", () => page.lesson.read());
  on("second", () => window.open(`${location.pathname}#session=${page.base}`, "_blank", "noopener"));
  on("follow-last", () => page.follow.open(page.follow.latest())); on("show-messages", () => page.spacetime.toggle());
  on("next-failure", () => page.clock.failure()); on("show-upcoming", () => page.upcoming.toggle()); on("show-history", () => page.history.toggle());
  for (const button of document.querySelectorAll("[data-step]")) button.onclick = () => page.clock.by(button.dataset.step);
  $("speeds").replaceChildren(...SPEEDS.map((speed) => h("button", { role: "radio", "data-speed": speed, title: speed === Infinity ? "as fast as it goes" : `${speed} times as fast as the clock`, onclick: () => page.speed(speed), onkeydown: (event) => { const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]; if (by) { event.preventDefault(); event.stopPropagation(); page.faster(by); $("speeds").querySelector("[aria-checked=true]").focus(); } } }, speed === Infinity ? "max" : `${speed}×`)));
  $("lab").onchange = () => page.open({ lab: $("lab").value, seed: Number($("seed").value), at_s: 0 });
  $("seed").onchange = () => page.open({ lab: $("lab").value, seed: Number($("seed").value), with: page.runs.map((run) => run.variant), at_s: 0 });
}
