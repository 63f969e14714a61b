// A vote by the phones of a class: the engine's server opens it and counts; here is where its address is shown.
import { attr, h, many, plural, s, text } from "./dom.mjs";

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
  heard({ open, address, code, counts = [], voted = 0 }) {
    Object.assign(this, { isOpen: open, counts, voted });
    const wasHidden = this.section.hidden;
    this.section.hidden = !open;
    if (open && address !== this.address) this.draw(address, code);
    this.address = address;
    // No share before the vote is closed: who sees it follows it.
    if (open) text(this.section.querySelector(".voted b"), many(voted)), text(this.section.querySelector(".voted span"), ` ${plural(voted, "phone").split(" ")[1]} voted`);
    if (wasHidden !== this.section.hidden) this.page.fit();
  }
  // The code is dark on light whatever the page's colours are, as cameras want it; for the last row it can be large.
  draw(address, { side, path }) {
    const large = h("button", { class: "code", "aria-pressed": false, title: "Large, for the last row, or small", onclick: () => attr(large, "aria-pressed", large.getAttribute("aria-pressed") !== "true") }, s("svg", { viewBox: `0 0 ${side} ${side}`, role: "img", "aria-label": `QR code of ${address}` }, s("path", { d: path })));
    this.section.replaceChildren(h("div", {}, h("p", {}, "Vote with your phone, in this network: ", h("b", { class: "address" }, address.replace("http://", ""))), h("p", { class: "voted", role: "status" }, h("b"), h("span"))), large);
  }
}
