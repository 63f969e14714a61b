// Whether the engine itself is there: "starting", "ready" or "failed". A page of the site stands before it is, by what was recorded
// when the site was built; what is asked for until then is done when it is there.
import { $, attr, text } from "./dom.mjs";

const STARTING = "The simulator is starting.", STARTED = "The simulator has started.";

export class EngineState {
  constructor(page, main) { Object.assign(this, { page, main }); }
  get isStarting() { return this.main.dataset.engine === "starting"; }
  there() { attr(this.main, "data-engine", "ready"); this.page.soon(); }
  failed() { if (this.isStarting) attr(this.main, "data-engine", "failed"); }
  // It is not as it was recorded: what the address asked for at first is opened again, by what the engine says itself.
  anew() {
    history.replaceState(null, "", this.page.given);
    this.page.engine = this.page.lesson.lab = "";
    return this.page.start();
  }
  // The line under the headline is not read aloud, because it changes all the time; that the engine is starting is.
  say(line) {
    const told = $("engine-state"), { engine } = this.main.dataset;
    $("line").replaceChildren(...(this.isStarting ? [STARTING] : line));
    text(told, this.isStarting ? STARTING : told.textContent && engine === "ready" ? STARTED : "");
  }
}
