// All keys, in one table: what each does is what the list says.
import { h } from "./dom.mjs";

export function keys(page) {
  const { clock, hands, follow, lesson } = page;
  const all = [
    { keys: [" "], said: "Space", does: page.can("pause") ? "play or pause" : "play", act: () => page.toggle() },
    { needs: "rewind", keys: ["ArrowLeft"], said: "←", does: "back 1 s, with Shift 0.1 s", act: (event) => page.settle(clock.at_s - (event.shiftKey ? 0.1 : 1)) },
    { needs: "step", keys: ["ArrowRight"], said: "→", does: "on 1 s, with Shift 0.1 s", act: (event) => (event.shiftKey ? page.settle(clock.at_s + 0.1) : clock.by("second")) },
    { needs: "rewind", keys: ["Home"], said: "Home", does: "back to the start", act: () => page.settle(0) },
    { needs: "step", keys: ["e"], said: "E", does: "on to the next event", act: () => clock.by("event") },
    { needs: "step", keys: ["r"], said: "R", does: "on to the next request", act: () => clock.by("request") },
    { needs: "step", keys: ["n"], said: "N", does: "on to the next failure", act: () => clock.failure() },
    { needs: "upcoming", keys: ["c"], said: "C", does: "what comes next", act: () => page.upcoming.toggle() },
    { needs: "speed", keys: ["-"], said: "−", does: "play slower", act: () => page.faster(-1) },
    { needs: "speed", keys: ["+", "="], said: "+", does: "play faster", act: () => page.faster(1) },
    { keys: ["h"], said: "H", does: "heal all", act: () => page.healAll() },
    { keys: [..."123456789"], said: "1–9", does: "a fault of the picked place", act: (event) => hands.press(Number(event.key) - 1) },
    { needs: "beside", keys: ["b"], said: "B", does: "in which run: both, the one, the other", act: () => hands.next() },
    { keys: ["t"], said: "T", does: "to the first setting", act: () => hands.focusFirst() },
    { keys: ["z"], said: "Z", does: "undo the last setting", act: () => page.undoLast() },
    { keys: ["f"], said: "F", does: "follow the last request that ended", act: () => follow.open(follow.latest()) },
    { keys: ["["], said: "[", does: "follow the one before", act: () => follow.another(-1) },
    { keys: ["]"], said: "]", does: "follow the one after", act: () => follow.another(1) },
    { needs: "beside", keys: ["d"], said: "D", does: "follow the next that ends otherwise", act: () => page.runs.length > 1 && follow.differs() },
    { keys: ["v"], said: "V", does: "close or open the vote", act: () => lesson.toggle() },
    { keys: ["g"], said: "G", does: "let the class's phones vote, or no more", act: () => lesson.letPhones() },
    { keys: ["l"], said: "L", does: "copy the link", act: () => page.copy() },
    { keys: ["p"], said: "P", does: "present, or not", act: () => page.present() },
    { needs: "messages", keys: ["m"], said: "M", does: "messages in space and time", act: () => page.spacetime.toggle() },
    { keys: ["y"], said: "Y", does: "the history that clients saw", act: () => page.history.toggle() },
    { keys: ["T"], said: "Shift T", does: "all tables", act: () => page.tables() },
    { keys: ["?"], said: "?", does: "this list", act: () => page.listKeys() },
    { keys: ["Escape"], said: "Esc", does: "close what is open", act: () => page.closeAll() },
  ];
  return all.filter((one) => !one.needs || page.can(one.needs));
}
const FIELD = "input:not([type=checkbox],[type=radio],[type=range]),select,textarea,[contenteditable]";

export function listen(table, isOn) {
  addEventListener("keydown", (event) => {
    if (!isOn() || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target } = event;
    if (target.closest?.(FIELD)) return;
    const isSlider = target.matches?.("input[type=range]"), isChoice = target.matches?.("input[type=radio],[role=radio]");
    if ((isSlider || isChoice) && /^(Arrow|Home|End|Page)/.test(event.key)) return;
    if ((event.key === " " || event.key === "Enter") && target.closest?.("button,a,summary,input,[role=button]")) return;
    const found = table().find((one) => one.keys.includes(event.key));
    if (!found) return;
    event.preventDefault();
    found.act(event);
  });
}
export function list(table, close, isOn, setOn) {
  return [
    h("header", {}, h("h2", { tabindex: -1 }, "Keys"), h("button", { class: "undo", onclick: close }, "close")),
    h("p", { class: "muted" }, "Tab and Enter pick hosts and links. Single keys do nothing inside fields."),
    h("dl", {}, table.map((one) => h("div", {}, h("dt", {}, h("kbd", {}, one.said)), h("dd", {}, one.does)))),
    h("p", {}, h("label", {}, h("input", { type: "checkbox", checked: isOn, onchange: (event) => setOn(event.target.checked) }), " single keys are on")),
  ];
}
