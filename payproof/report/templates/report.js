"use strict";
(() => {
  const items = [...document.querySelectorAll("[data-verdict]")].map((element) => ({
    element, text: element.dataset.text.toLowerCase(), finding: element.tagName === "DETAILS",
  }));
  const chips = [...document.querySelectorAll("button[data-chip]")];
  const choices = [...document.querySelectorAll("select[data-filter]")];
  const search = document.getElementById("search");
  const said = document.getElementById("said");
  const clear = document.getElementById("clear");
  const FILTER = "#show?";

  function state() {
    const chosen = new URLSearchParams();
    const pressed = chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.dataset.chip);
    if (pressed.length) chosen.set("verdict", pressed.join(","));
    for (const choice of choices) if (choice.value) chosen.set(choice.dataset.filter, choice.value);
    if (search.value.trim()) chosen.set("text", search.value.trim());
    return chosen;
  }

  function apply() {
    const chosen = state();
    const verdicts = (chosen.get("verdict") || "").split(",").filter(Boolean);
    const words = (chosen.get("text") || "").toLowerCase().split(/\s+/).filter(Boolean);
    let clauses = 0, findings = 0;
    for (const { element, text, finding } of items) {
      const data = element.dataset;
      const fits = (!verdicts.length || verdicts.includes(data.verdict))
        && choices.every((choice) => !choice.value || data[choice.dataset.filter] === choice.value)
        && words.every((word) => text.includes(word));
      if (element.hidden === fits) element.hidden = !fits;
      if (fits) { if (finding) findings += 1; else clauses += 1; }
    }
    for (const group of document.querySelectorAll("[data-group]")) {
      group.hidden = !group.querySelector("[data-verdict]:not([hidden])");
      if (chosen.size && !group.hidden && group.tagName === "DETAILS") group.open = true;
    }
    said.textContent = `${clauses} clauses, ${findings} findings shown`;
    clear.hidden = !chosen.size;
    return chosen;
  }

  function keep() {
    const chosen = apply();
    history.replaceState(null, "", chosen.size ? FILTER + chosen : location.pathname + location.search);
  }

  function reset() {
    for (const chip of chips) chip.setAttribute("aria-pressed", "false");
    for (const choice of choices) choice.value = "";
    search.value = "";
  }

  function follow() {
    if (location.hash.startsWith(FILTER)) {
      const chosen = new URLSearchParams(location.hash.slice(FILTER.length));
      reset();
      const verdicts = (chosen.get("verdict") || "").split(",");
      for (const chip of chips) chip.setAttribute("aria-pressed", String(verdicts.includes(chip.dataset.chip)));
      for (const choice of choices) choice.value = chosen.get(choice.dataset.filter) || "";
      search.value = chosen.get("text") || "";
      apply();
      return;
    }
    const wanted = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!wanted) return;
    if (wanted.closest("[hidden]")) { reset(); apply(); }
    for (let outer = wanted; outer; outer = outer.parentElement) if (outer.tagName === "DETAILS") outer.open = true;
    wanted.scrollIntoView();
    (wanted.querySelector("summary") || wanted).focus();
  }

  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
      keep();
    });
  }
  for (const choice of choices) choice.addEventListener("change", keep);
  search.addEventListener("input", keep);
  clear.addEventListener("click", () => { reset(); keep(); search.focus(); });
  addEventListener("hashchange", follow);
  addEventListener("keydown", (event) => {
    const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/" && !typing) { event.preventDefault(); search.focus(); }
    if (event.key === "Escape" && (event.target === search || !typing)) { reset(); keep(); }
    if ((event.key === "j" || event.key === "k") && !typing) {
      const open = items.filter(({ element, finding }) => finding && !element.hidden).map(({ element }) => element.firstElementChild);
      const at = open.indexOf(document.activeElement);
      const next = open[event.key === "j" ? at + 1 : Math.max(at - 1, 0)];
      if (next) next.focus();
    }
  });
  for (const { element, finding } of items) {
    if (finding) element.addEventListener("toggle", () => {
      for (const mark of element.querySelectorAll("pre mark")) {
        const box = mark.closest("pre");
        box.scrollTop = mark.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 3;
      }
    });
  }
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of closed) one.open = false; });
  document.documentElement.classList.add("ready");
  apply();
  follow();
})();
