
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("live");
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const plural = (amount, word) => `${amount} ${word}${amount === 1 ? "" : "s"}`;
  const on = (element, event, act, options) => element && element.addEventListener(event, act, options);
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
      filter();
    });
  }
  on(search, "input", filter);
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

  const themes = ["system", "light", "dark"];
  const memory = (act) => { try { return act(localStorage); } catch { return null; } };

  function theme(name) {
    if (name === "system") delete root.dataset.theme;
    else root.dataset.theme = name;
    $("#theme").textContent = `Theme: ${name}`;
    memory((store) => store.setItem("kslint-theme", name));
  }

  function nextTheme() {
    theme(themes[(themes.indexOf(root.dataset.theme || "system") + 1) % themes.length]);
  }

  on($("#theme"), "click", nextTheme);
  const kept = memory((store) => store.getItem("kslint-theme"));
  if (themes.includes(kept)) theme(kept);

  // ---- graph

  const svg = $("#graph");
  const panel = $("#graph-panel");
  const graph = svg && drawing();

  function drawing() {
    const WIDTH = 196, HEIGHT = 26, FOLDED = 34, GAP = 14;
    const canvas = $(".canvas");
    const nodes = new Map();
    for (const element of $$(".node", svg)) {
      const { node, x, y, lane, findings } = element.dataset;
      nodes.set(node, { element, x: +x, y: +y, lane: +lane, findings, edges: [] });
    }
    const lanes = $$(".lane", svg).map((element, index) => ({
      element,
      stack: element.dataset.stack,
      left: +element.dataset.left,
      top: +element.dataset.top,
      height: +element.dataset.height,
      findings: +element.dataset.findings,
      nodes: $(`.nodes[data-lane="${index}"]`, svg),
      folded: false,
      shift: 0,
    }));
    const edges = $$(".edge", svg).map((element) => {
      const edge = { element, from: nodes.get(element.dataset.from), to: nodes.get(element.dataset.to) };
      edge.from.edges.push(edge);
      edge.to.edges.push(edge);
      return edge;
    });
    const full = svg.viewBox.baseVal;
    const width = full.width;
    let height = full.height;
    let view = { x: 0, y: 0, w: width, h: height };

    // picture.py has the same: `curve`
    function curve(x, y, toX, toY) {
      y += HEIGHT / 2;
      toY += HEIGHT / 2;
      let start = x + WIDTH, end = toX, bend = Math.floor((toX - x - WIDTH) / 2), back = -1;
      if (toX < x + WIDTH && toX + WIDTH <= x) {
        start = x;
        end = toX + WIDTH;
        bend = -Math.floor((x - toX - WIDTH) / 2);
      } else if (toX < x + WIDTH) {
        end = toX + WIDTH;
        bend = 40;
        back = 1;
      }
      return `M${start} ${y}C${start + bend} ${y} ${end + back * bend} ${toY} ${end} ${toY}`;
    }

    function place(node) {
      const lane = lanes[node.lane];
      return lane.folded ? [lane.left + 14, lane.top + lane.shift + 4] : [node.x, node.y + lane.shift];
    }

    function redraw() {
      const tops = {};
      for (const lane of lanes) {
        const top = tops[lane.stack] || 0;
        lane.shift = top - lane.top;
        const tall = lane.folded ? FOLDED : lane.height;
        tops[lane.stack] = top + tall + GAP;
        lane.element.setAttribute("transform", `translate(0 ${lane.shift})`);
        lane.nodes.setAttribute("transform", `translate(0 ${lane.shift})`);
        lane.element.classList.toggle("folded", lane.folded);
        lane.nodes.classList.toggle("folded", lane.folded);
        $(".band", lane.element).setAttribute("height", tall);
        $(".fold", lane.element).setAttribute("aria-expanded", String(!lane.folded));
      }
      height = Math.max(...Object.values(tops)) - GAP;
      for (const edge of edges) {
        const inside = edge.from.lane === edge.to.lane && lanes[edge.from.lane].folded;
        edge.element.style.display = inside ? "none" : "";
        edge.element.setAttribute("d", curve(...place(edge.from), ...place(edge.to)));
      }
    }

    function fold(lane, value) {
      lane.folded = value;
      redraw();
    }

    function show() {
      svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.w} ${view.h}`);
    }

    const ratio = () => (canvas.clientHeight || 1) / (canvas.clientWidth || 1);

    // zoom 1 shows a pixel as a pixel
    function scaleTo(scale, x, y) {
      const w = canvas.clientWidth / scale;
      view = { x, y, w, h: w * ratio() };
      show();
    }

    function fit() {
      const scale = Math.min(canvas.clientWidth / (width + 24), canvas.clientHeight / (height + 24), 1.25);
      const w = canvas.clientWidth / scale, h = canvas.clientHeight / scale;
      scaleTo(scale, within(0, w, width), within(0, h, height));
    }

    function start() {
      const scale = Math.min(1, Math.max(0.78, canvas.clientWidth / (width + 24)));
      canvas.style.height = `${Math.min(Math.max((height + 24) * scale, 150), innerHeight * 0.62)}px`;
      const w = canvas.clientWidth / scale;
      scaleTo(scale, within(0, w, width), -12);
    }

    function zoom(by, fx = 0.5, fy = 0.5) {
      const scale = canvas.clientWidth / view.w;
      const factor = Math.min(Math.max(scale * by, 0.05), 4) / scale;
      const w = view.w / factor, h = view.h / factor;
      view = { x: view.x + (view.w - w) * fx, y: view.y + (view.h - h) * fy, w, h };
      show();
    }

    function move(dx, dy) {
      view.x += dx * view.w;
      view.y += dy * view.h;
      show();
    }

    function tall() {
      const most = innerHeight * 0.85;
      canvas.style.height = canvas.clientHeight > most - 2 ? "23rem" : `${most}px`;
      view.h = view.w * ratio();
      show();
    }

    function near(node) {
      for (const element of $$(".near, .chosen", svg)) element.classList.remove("near", "chosen");
      svg.classList.toggle("dim", Boolean(node));
      if (!node) return;
      node.element.classList.add("chosen");
      for (const edge of node.edges) {
        for (const part of [edge.element, edge.from.element, edge.to.element]) part.classList.add("near");
      }
    }

    // where a view of a size begins so that a place is in its middle, or the edge is reached
    function within(middle, size, whole) {
      if (size > whole + 24) return (whole - size) / 2;
      return Math.min(Math.max(middle - size / 2, -12), whole + 12 - size);
    }

    function centre(node) {
      if (lanes[node.lane].folded) fold(lanes[node.lane], false);
      const [x, y] = place(node);
      const w = canvas.clientWidth / Math.max(canvas.clientWidth / view.w, 0.9);
      const h = w * ratio();
      view = { x: within(x + WIDTH / 2, w, width), y: within(y + HEIGHT / 2, h, height), w, h };
      show();
      near(node);
    }

    const nodeOf = (element) => {
      const found = element.closest && element.closest(".node");
      return found && nodes.get(found.dataset.node);
    };

    let held = null;
    let moved = false;
    on(svg, "pointerdown", (event) => {
      if (event.button) return;
      held = { x: event.clientX, y: event.clientY };
      moved = false;
    });
    on(window, "pointermove", (event) => {
      if (!held) return;
      const dx = event.clientX - held.x, dy = event.clientY - held.y;
      if (!moved && Math.hypot(dx, dy) < 4) return;
      moved = true;
      svg.classList.add("moving");
      held = { x: event.clientX, y: event.clientY };
      move(-dx / canvas.clientWidth, -dy / canvas.clientHeight);
    });
    on(window, "pointerup", () => {
      held = null;
      svg.classList.remove("moving");
    });
    on(svg, "dragstart", (event) => event.preventDefault());
    on(svg, "wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = svg.getBoundingClientRect();
      zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    }, { passive: false });
    on(svg, "click", (event) => {
      if (moved) {
        event.preventDefault();
        return;
      }
      const bar = event.target.closest(".fold");
      const node = nodeOf(event.target);
      if (bar) toggle(bar);
      else if (node && node.findings) {
        event.preventDefault();
        choose(node);
      } else near(node && !node.element.classList.contains("chosen") ? node : null);
    });
    on(svg, "pointerover", (event) => {
      const node = nodeOf(event.target);
      if (node && !$(".chosen", svg)) {
        for (const edge of node.edges) edge.element.classList.add("near");
        on(node.element, "pointerleave", () => {
          if (!$(".chosen", svg)) near(null);
        }, { once: true });
      }
    });
    on(svg, "keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const keys = {
        ArrowLeft: () => move(-0.15, 0),
        ArrowRight: () => move(0.15, 0),
        ArrowUp: () => move(0, -0.15),
        ArrowDown: () => move(0, 0.15),
        "+": () => zoom(1.25),
        "=": () => zoom(1.25),
        "-": () => zoom(0.8),
        0: fit,
      };
      const bar = event.target.closest(".fold");
      let act = keys[event.key];
      if (bar && (event.key === "Enter" || event.key === " ")) act = () => toggle(bar);
      if (!act) return;
      event.preventDefault();
      event.stopPropagation();
      act();
    });

    function toggle(bar) {
      const lane = lanes.find((one) => one.element.contains(bar));
      fold(lane, !lane.folded);
    }

    function choose(node) {
      const numbers = node.findings.split(" ");
      near(node);
      reset();
      only = new Set(numbers.map((number) => `finding-${number}`));
      filter();
      const first = visible[0] || document.getElementById(`finding-${numbers[0]}`);
      status.textContent += ` (${node.element.getAttribute("aria-label").split(":")[0]})`;
      go(first);
    }

    function draw(number) {
      const node = [...nodes.values()].find((one) => one.findings && one.findings.split(" ").includes(number));
      if (!node) return;
      panel.open = true;
      panel.scrollIntoView({ block: "start" });
      centre(node);
      node.element.focus({ preventScroll: true });
    }

    function foldLanes() {
      const value = lanes.some((lane) => !lane.folded);
      for (const lane of lanes) lane.folded = value;
      redraw();
    }

    const buttons = { in: () => zoom(1.25), out: () => zoom(0.8), fit, fold: foldLanes, tall };
    for (const button of $$("[data-zoom]")) on(button, "click", buttons[button.dataset.zoom]);
    on(window, "resize", () => {
      view.h = view.w * ratio();
      show();
    });
    on(panel, "toggle", () => {
      if (panel.open) scaleTo(canvas.clientWidth / view.w, view.x, view.y);
    });
    if (nodes.size > 60 && lanes.some((lane) => lane.findings)) {
      for (const lane of lanes) lane.folded = !lane.findings;
      redraw();
    }
    start();
    return { draw };
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
