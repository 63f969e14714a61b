// An index: which labs or episodes are shown. Without this script, all of them are.
import { cacheTheRest, serviceWorkerReady } from "./offline_client.mjs";

const $ = (id) => document.getElementById(id);
const form = document.querySelector("form.tools");

function show() {
  const wanted = $("search").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const { which, level } = Object.fromEntries(new FormData(form));
  let count = 0;
  for (const section of document.querySelectorAll("section")) {
    let some = false;
    for (const lab of section.querySelectorAll("li")) {
      const text = lab.textContent.toLowerCase();
      lab.hidden = !(wanted.every((word) => text.includes(word)) && Number(lab.dataset.level) <= Number(level) && (which === "all" || lab.dataset.written === "true"));
      some ||= !lab.hidden;
      count += !lab.hidden;
    }
    section.hidden = !some;
  }
  const { of } = form.dataset, whole = !wanted.length && which === "all" && level === "4";
  $("found").textContent = whole ? "" : count === 1 ? `One ${of} fits.` : count ? `${count} ${of}s fit.` : `No ${of} fits. Search for other words, or allow another level.`;
}
if (form) {
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  show();
}
// A reader's next click is on a lab: it is there by then, and works offline. Not for visitors who save data.
if (!navigator.connection?.saveData && document.querySelector("[href*='play/']")) serviceWorkerReady().then(cacheTheRest);
