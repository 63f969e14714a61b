// Elements, numbers and names as people read them. Texts are never parsed as HTML here.
const SVG = "http://www.w3.org/2000/svg";
export const $ = (id) => document.getElementById(id);

function fill(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key.startsWith("aria-")) value == null || made.setAttribute(key, String(value));
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child != null && child !== false));
  return made;
}
export const h = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);
export const s = (name, attributes = {}, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

// Writes only what has changed: a page that is read aloud, or has the focus in it, is left in peace.
export function text(element, value) { if (element.textContent !== value) element.textContent = value; }
export function attr(element, name, value) { if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value); }

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
export const many = (value) => (value == null ? "–" : whole.format(value));
export const ms = (value) => (value == null ? "–" : value >= 1000 ? `${(value / 1000).toFixed(1)} s` : `${Math.round(value)} ms`);
export const seconds = (value) => `${value.toFixed(1)} s`;
export const plural = (count, one, more = `${one}s`) => `${many(count)} ${count === 1 ? one : more}`;
export const place = (name) => name.replaceAll("->", " → ");
export const spoken = (name) => name.replaceAll("->", " to ");
export const value = (given) => (typeof given === "number" ? String(Math.round(given * 1e4) / 1e4) : String(given));
// A name ends with its unit: it is said apart.
const UNITS = { ms: " ms", s: " s", ratio: "", rps: "/s", kbps: " kB/s", bytes: " bytes", mib: " MiB", us: " µs", ppm: " ppm" };
export function named(name) {
  const words = name.split("_"), last = words.at(-1);
  const has = words.length > 1 && last in UNITS && last !== "ratio";
  return { name: (has ? words.slice(0, -1) : words).join(" ").replaceAll(".", " "), unit: has ? UNITS[last] : "" };
}
export const CHANGED_S = 1e-6;
export const same = (a, b) => Math.abs(a - b) < CHANGED_S;
export const round6 = (number) => Math.round(number * 1e6) / 1e6;
