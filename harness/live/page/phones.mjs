// A vote by the phones of a class: the engine's server opens it and counts; here is where its address is shown.
import { h, many, plural } from "./dom.mjs";

export class Phones {
  constructor(page, section) { Object.assign(this, { page, section, can: false, isOpen: false, counts: [], voted: 0 }); }
  // Where there is no server, as in a tab, it refuses, and no button is shown.
  async look(run) { this.can = (await run.send({ do: "class look" })).ok; }
  async ask(message) {
    const answer = await this.page.runs[0].send(message);
    if (!answer.ok) this.page.said(answer.why, true);
    return answer.ok;
  }
  open(question, choices) { return this.ask({ do: "class open", question, choices }); }
  async close() { if (this.isOpen) await this.ask({ do: "class close" }); }
  async forget() { await this.close(); Object.assign(this, { counts: [], voted: 0 }); }
  heard({ open, address, counts = [], voted = 0 }) {
    Object.assign(this, { isOpen: open, counts, voted });
    const wasHidden = this.section.hidden;
    this.section.hidden = !open;
    // No share before the vote is closed: who sees it follows it.
    this.section.replaceChildren(h("p", {}, "Vote with your phone, in this network: ", h("b", { class: "address" }, address.replace("http://", ""))), h("p", { class: "voted", role: "status" }, h("b", {}, many(voted)), ` ${plural(voted, "phone").split(" ")[1]} voted`));
    if (wasHidden !== this.section.hidden) this.page.fit();
  }
}
