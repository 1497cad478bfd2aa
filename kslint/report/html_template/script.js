
(() => {
  const root = document.documentElement;
  root.classList.add("live");
  const { $, $$, plural, on } = tools;
  const pressed = (button) => button.getAttribute("aria-pressed") === "true";
  const press = (button, value) => button.setAttribute("aria-pressed", String(value));

  const cards = $$(".finding");
  const texts = new Map(cards.map((card) => [card, card.textContent.toLowerCase()]));
  const search = $("#search");
  const switches = $$(".switch");
  const facets = { file: $$(".facet [data-file]"), rule: $$(".facet [data-rule]") };
  const status = $("#status");
  const clear = $("#clear");
  const defaults = new Map(switches.map((button) => [button, pressed(button)]));
  let only = null; // the findings of one resource, as numbers
  let visible = cards;

  // ---- filters

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const severities = new Set(switches.filter(pressed).map((button) => button.dataset.severity));
    const chosen = {};
    for (const name of Object.keys(facets)) {
      chosen[name] = new Set(facets[name].filter(pressed).map((button) => button.dataset[name]));
    }
    const passes = (card) =>
      severities.has(card.dataset.severity) &&
      Object.keys(chosen).every((name) => !chosen[name].size || chosen[name].has(card.dataset[name])) &&
      (!only || only.has(card.id)) &&
      words.every((word) => texts.get(card).includes(word));
    visible = cards.filter((card) => {
      card.hidden = !passes(card);
      return !card.hidden;
    });
    for (const file of $$(".file")) {
      const shown = $$(".finding:not([hidden])", file).length;
      file.hidden = !shown;
      $(".count", file).textContent = shown;
    }
    const changed = only || words.length || Object.values(chosen).some((set) => set.size) ||
      switches.some((button) => pressed(button) !== defaults.get(button));
    clear.hidden = !changed;
    $("#nothing").hidden = visible.length > 0 || !cards.length;
    status.textContent = !cards.length ? "" : visible.length === cards.length
      ? plural(cards.length, "finding")
      : `${visible.length} of ${plural(cards.length, "finding")}`;
  }

  // the user asked for less: show it from the top
  function narrowed() {
    filter();
    const bar = $(".status");
    if (bar.getBoundingClientRect().top < 0) bar.scrollIntoView({ block: "start" });
  }

  function reset() {
    search.value = "";
    only = null;
    for (const button of switches) press(button, defaults.get(button));
    for (const button of [...facets.file, ...facets.rule]) press(button, false);
    filter();
  }

  for (const button of [...switches, ...facets.file, ...facets.rule]) {
    on(button, "click", () => {
      press(button, !pressed(button));
      narrowed();
    });
  }
  on(search, "input", narrowed);
  on(clear, "click", () => {
    reset();
    search.focus();
  });

  // ---- findings

  const unfold = (card, open = true) => { $("details", card).open = open; };
  const heading = (card) => $("summary", card);

  function foldAll() {
    const open = visible.some((card) => !$("details", card).open);
    for (const card of visible) unfold(card, open);
  }

  function nameFold() {
    $("#fold-all").textContent = visible.some((card) => !$("details", card).open) ? "Open all" : "Close all";
  }

  function go(card) {
    if (card.hidden) reset();
    if (card.hidden) { // a suppressed one
      press(switches.find((button) => button.dataset.severity === card.dataset.severity), true);
      filter();
    }
    unfold(card);
    card.scrollIntoView({ block: "start" });
    heading(card).focus({ preventScroll: true });
    card.classList.remove("flash");
    requestAnimationFrame(() => card.classList.add("flash"));
  }

  const current = () => visible.find((card) => card.contains(document.activeElement));

  function step(by) {
    const here = visible.indexOf(current());
    const next = here < 0 ? firstOnScreen(by) : here + by;
    const card = visible[Math.min(Math.max(next, 0), visible.length - 1)];
    if (!card) return;
    heading(card).focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }

  function firstOnScreen(by) {
    if (by < 0) return visible.length - 1;
    const found = visible.findIndex((card) => card.getBoundingClientRect().top >= 0);
    return found < 0 ? visible.length - 1 : found;
  }

  on($("#fold-all"), "click", foldAll);
  for (const card of cards) on($("details", card), "toggle", nameFold);

  // ---- rule pages

  function showRule(id) {
    const page = document.getElementById(id);
    if (!page) return false;
    $("#page-title").textContent = $("summary", page).textContent;
    $("#page-body").replaceChildren(...$$(".prose > *", page).map((part) => part.cloneNode(true)));
    $("#page").showModal();
    $("#page").scrollTop = 0;
    return true;
  }

  on(document, "click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.classList.contains("rule") && showRule(link.getAttribute("href").slice(1))) {
      event.preventDefault();
    }
    if (event.target.closest(".close")) event.target.closest("dialog").close();
    if (event.target.tagName === "DIALOG") event.target.close(); // the backdrop
  });

  // ---- theme

  const nextTheme = themes($("#theme"));

  // ---- graph

  const svg = $("#graph");
  const panel = $("#graph-panel");
  const graph = svg && drawing(svg, panel, narrow);

  // the findings of one resource alone
  function narrow(numbers, name) {
    reset();
    only = new Set(numbers.map((number) => `finding-${number}`));
    filter();
    status.textContent += ` (${name})`;
    go(visible[0] || document.getElementById(`finding-${numbers[0]}`));
  }

  for (const button of $$("[data-draw]")) on(button, "click", () => graph && graph.draw(button.dataset.draw));

  // ---- keys

  const toggleSeverity = (name) => {
    const button = switches.find((one) => one.dataset.severity === name);
    if (button) button.click();
  };

  const keys = {
    j: () => step(1),
    k: () => step(-1),
    o: foldAll,
    r: () => current() && $("a.rule", current()).click(),
    "/": () => {
      search.focus();
      search.select();
    },
    e: () => toggleSeverity("error"),
    w: () => toggleSeverity("warning"),
    n: () => toggleSeverity("note"),
    c: reset,
    g: () => {
      if (!panel) return;
      panel.open = true;
      panel.scrollIntoView({ block: "start" });
      svg.focus({ preventScroll: true });
    },
    t: nextTheme,
    "?": () => $("#help").showModal(),
  };

  on($("#keys"), "click", keys["?"]);
  on(document, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
    if (event.target.matches("input")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  // ---- links into the page

  function follow() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.classList.contains("finding")) go(target);
    else if (target.classList.contains("page")) target.open = true;
  }

  on(window, "hashchange", follow);
  filter();
  nameFold();
  // not before the browser itself has gone there, which takes the focus away
  on(window, "load", () => setTimeout(follow));
  if (window.matchMedia("(max-width: 880px)").matches) for (const facet of $$(".facet")) facet.open = false;
})();
