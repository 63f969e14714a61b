// What a person should know that no refusal could say: each note of the runs once.
import { h, text } from "./dom.mjs";

export function notes(box, runs) {
  const all = [...new Set(runs.flatMap((run) => run.look.notes.map((note) => (runs.length > 1 ? `${run.title}: ${note}` : note))))], key = all.join("\n");
  box.hidden = !all.length;
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  text(box.firstElementChild, `Notes: ${all.length}`);
  box.lastElementChild.replaceChildren(...all.map((note) => h("li", {}, note)));
}
