// What the engine says when a lab is opened, as it was recorded when the site was built: a page need not wait for the engine to show it.
import { cacheFetched } from "../offline_client.mjs";

const sorted = (_, value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value);
// One text for equal values, whatever the order of their keys.
export const canonical = (value) => JSON.stringify(value, sorted);

async function recording(name) {
  try {
    const answer = await fetch(new URL(`../engine/${name}.json`, import.meta.url), { cache: "no-cache", priority: "high" });
    if (!answer.ok) return new Map();
    cacheFetched(answer.url);
    return new Map((await answer.json()).flatMap(({ asked, told }) => asked.map((one) => [canonical(one), told])));
  } catch { return new Map(); } // the engine will say it
}

export class Openings {
  constructor(mayFetch) { Object.assign(this, { mayFetch, files: new Map() }); }
  file(name) {
    if (!this.files.has(name)) this.files.set(name, this.mayFetch.then(() => recording(name)));
    return this.files.get(name);
  }
  // What the engine will tell for a message: all its words, of which the last is its answer; or undefined.
  async told(message) {
    const all = await this.file("hello"), asked = canonical(message), lab = message.experiment?.lab ?? message.lab;
    if (all.has(asked) || !lab) return all.get(asked);
    const [hello] = all.get(canonical({ do: "hello" })) ?? [];
    return hello?.labs.some(({ name }) => name === lab) ? (await this.file(`openings/${lab}`)).get(asked) : undefined;
  }
}
