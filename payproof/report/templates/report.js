"use strict";
(() => {
  const groups = [...document.querySelectorAll("[data-group]")];
  const items = [...document.querySelectorAll("[data-verdict]")].map((element) => ({
    element, text: element.dataset.text.toLowerCase(), finding: element.tagName === "DETAILS",
    inside: groups.filter((group) => group.contains(element)),
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

  function show(element, wanted) {
    // Nothing is written that is so already: each write would have its style looked up again.
    if (element.hidden === wanted) element.hidden = !wanted;
  }

  function apply() {
    const chosen = state();
    const verdicts = (chosen.get("verdict") || "").split(",").filter(Boolean);
    const words = (chosen.get("text") || "").toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = choices.filter((choice) => choice.value).map((choice) => [choice.dataset.filter, choice.value]);
    const inhabited = new Set();
    let clauses = 0, findings = 0;
    for (const { element, text, finding, inside } of items) {
      const data = element.dataset;
      const fits = (!verdicts.length || verdicts.includes(data.verdict))
        && wanted.every(([name, value]) => data[name] === value)
        && words.every((word) => text.includes(word));
      show(element, fits);
      if (fits) {
        for (const group of inside) inhabited.add(group);
        if (finding) findings += 1; else clauses += 1;
      }
    }
    for (const group of groups) {
      show(group, inhabited.has(group));
      if (chosen.size && !group.hidden && group.open === false) group.open = true;
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
