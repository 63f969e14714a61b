// What the last row can read: the picture alone, with the keys that matter.
import { $, h, place } from "./dom.mjs";

export function present(page) {
  const isOn = document.documentElement.dataset.view === "presenter";
  document.documentElement.dataset.view = isOn ? "" : "presenter";
  $("hints").replaceChildren(...[["Space", "play"], ...(page.can("step") ? [["← →", "1 s"]] : []), ...page.hands.buttons.slice(0, 3).map((button, at) => [String(at + 1), `${button.kind.does.toLowerCase()} ${place(page.hands.picked)}`]), ["H", "heal all"], ["P", "end"]].map(([key, words]) => h("span", {}, h("kbd", {}, key), ` ${words}`)));
  scrollTo(0, 0);
  page.fit();
}
