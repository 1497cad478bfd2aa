
"use strict";

const tools = {
  $: (selector, from = document) => from.querySelector(selector),
  $$: (selector, from = document) => [...from.querySelectorAll(selector)],
  plural: (amount, word) => `${amount} ${word}${amount === 1 ? "" : "s"}`,
  on: (element, event, act, options) => element && element.addEventListener(event, act, options),
};

// A button that goes through the themes, and remembers the last one; returns what it does.
function themes(button) {
  const names = ["system", "light", "dark"];
  const root = document.documentElement;
  const memory = (act) => { try { return act(localStorage); } catch { return null; } };

  function theme(name) {
    if (name === "system") delete root.dataset.theme;
    else root.dataset.theme = name;
    button.textContent = `Theme: ${name}`;
    memory((store) => store.setItem("kslint-theme", name));
  }

  const next = () => theme(names[(names.indexOf(root.dataset.theme || "system") + 1) % names.length]);
  const kept = memory((store) => store.getItem("kslint-theme"));
  if (names.includes(kept)) theme(kept);
  tools.on(button, "click", next);
  return next;
}

// The graph that Python drew: zoom, folding, and what is near a node. `chosen` is called with
// the numbers of a node's findings and its name; where there is a `picked`, it is called with the
// id of any node instead.
function drawing(svg, panel, chosen, picked) {
  const { $, $$, on } = tools;
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

  // svg.py has the same: `curve`
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

  function update() {
    svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.w} ${view.h}`);
  }

  const ratio = () => (canvas.clientHeight || 1) / (canvas.clientWidth || 1);

  // zoom 1 shows a pixel as a pixel
  function scaleTo(scale, x, y) {
    const w = canvas.clientWidth / scale;
    view = { x, y, w, h: w * ratio() };
    update();
  }

  function fit() {
    const scale = Math.min(canvas.clientWidth / (width + 24), canvas.clientHeight / (height + 24), 1.25);
    const w = canvas.clientWidth / scale, h = canvas.clientHeight / scale;
    scaleTo(scale, within(0, w, width), h > height + 24 ? -12 : within(0, h, height));
  }

  // the whole of it, and on a report's page no higher than leaves room for findings
  function start() {
    const scale = Math.min(canvas.clientWidth / (width + 24), 1);
    if (!picked) canvas.style.height = `${Math.min(Math.max((height + 24) * scale, 150), innerHeight * 0.62)}px`;
    fit();
  }

  function zoom(by, fx = 0.5, fy = 0.5) {
    const scale = canvas.clientWidth / view.w;
    const factor = Math.min(Math.max(scale * by, 0.05), 4) / scale;
    const w = view.w / factor, h = view.h / factor;
    view = { x: view.x + (view.w - w) * fx, y: view.y + (view.h - h) * fy, w, h };
    update();
  }

  function move(dx, dy) {
    view.x += dx * view.w;
    view.y += dy * view.h;
    update();
  }

  function tall() {
    const most = innerHeight * 0.85;
    canvas.style.height = canvas.clientHeight > most - 2 ? "23rem" : `${most}px`;
    view.h = view.w * ratio();
    update();
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
    update();
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
    else if (node && picked) {
      event.preventDefault();
      near(node);
      picked(node.element.dataset.node);
    } else if (node && node.findings) {
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
    near(node);
    chosen(node.findings.split(" "), node.element.getAttribute("aria-label").split(":")[0]);
  }

  function draw(number) {
    const node = [...nodes.values()].find((one) => one.findings && one.findings.split(" ").includes(number));
    if (!node) return;
    panel.open = true;
    panel.scrollIntoView({ block: "start" });
    centre(node);
    node.element.focus({ preventScroll: true });
  }

  function show(id) {
    if (nodes.has(id)) centre(nodes.get(id));
    else near(null);
  }

  // dims all nodes but some; null brings them back
  function emphasize(ids) {
    const kept = ids && new Set(ids);
    near(null);
    svg.classList.toggle("dim", Boolean(kept));
    if (kept) for (const [id, node] of nodes) node.element.classList.toggle("near", kept.has(id));
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
    update();
  });
  on(panel, "toggle", () => {
    if (panel.open) scaleTo(canvas.clientWidth / view.w, view.x, view.y);
  });
  if (!picked && nodes.size > 60 && lanes.some((lane) => lane.findings)) {
    for (const lane of lanes) lane.folded = !lane.findings;
    redraw();
  }
  start();
  return { draw, show, emphasize };
}
