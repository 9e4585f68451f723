"use strict";
// Which claims are shown: all that meet the form. What is chosen stands in the address, behind its #.
const form = document.getElementById("filters");
const fields = [...form.elements].filter((field) => field.name);
const claims = [...document.querySelectorAll("article")];

/** The number of an equation or section is meant as a whole (2.1 is not 2.18), all else as a part of some text. */
function finds(text, words) {
  const numbers = text.split(/[^\w.]+/);
  return words.toLowerCase().split(/\s+/).filter(Boolean).every((word) =>
    /^\w+\.\d/.test(word) ? numbers.some((number) => `${number}.`.startsWith(`${word}.`)) : text.includes(word));
}

function meets(claim, { find = "", ...others }) {
  return finds(claim.dataset.find, find) &&
    Object.entries(others).every(([name, value]) => claim.dataset[name].split("|").includes(value));
}

function show() {
  const chosen = Object.fromEntries(fields.filter((field) => field.value).map((field) => [field.name, field.value]));
  claims.forEach((claim) => { claim.hidden = !meets(claim, chosen); });
  document.querySelectorAll("tr[data-of]").forEach((row) => { row.hidden = document.getElementById(row.dataset.of).hidden; });
  document.querySelectorAll("section.family").forEach((section) => { section.hidden = !section.querySelector("article:not([hidden])"); });
  const shown = claims.filter((claim) => !claim.hidden).length;
  form.querySelector("output").textContent = `${shown} of ${claims.length} claims are shown`;
  return new URLSearchParams(chosen).toString();
}

/** An address that names a place of the page is left as it is; what it names is shown. */
function follow() {
  const hash = decodeURIComponent(location.hash.slice(1)), place = hash && document.getElementById(hash);
  const asked = new URLSearchParams(place ? "" : location.hash.slice(1));
  if (!place || place.closest("[hidden]")) {
    fields.forEach((field) => { field.value = asked.get(field.name) || ""; if (field.selectedIndex < 0) field.value = ""; });
  }
  show();
  if (place) {
    if (place.matches("details")) place.open = true;
    place.scrollIntoView();
  }
}

form.addEventListener("input", () => history.replaceState(null, "", `#${show()}`));
form.addEventListener("reset", (event) => {  // at once: the browser itself would reset after everybody has heard of it
  event.preventDefault();
  fields.forEach((field) => { field.value = ""; });
  history.replaceState(null, "", `#${show()}`);
});
form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", follow);
for (const [event, open] of [["beforeprint", true], ["afterprint", false]]) {
  addEventListener(event, () => document.querySelectorAll("details.checks").forEach((part) => { part.open = open; }));
}
form.hidden = false;
follow();
