// The index: which labs are shown. Without this script, all of them are.
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
  const whole = !wanted.length && which === "all" && level === "4";
  $("found").textContent = whole ? "" : count === 1 ? "One lab fits." : count ? `${count} labs fit.` : "No lab fits. Search for other words, or allow another level.";
}
if (form) {
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  show();
}
if ("serviceWorker" in navigator && document.querySelector("[href*='play/']")) navigator.serviceWorker.register(new URL("offline.js", import.meta.url));
