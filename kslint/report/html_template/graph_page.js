
(() => {
  const root = document.documentElement;
  root.classList.add("live");
  const { $, $$, on } = tools;
  const objects = $$(".object");
  const byId = new Map(objects.map((object) => [object.dataset.id, object]));
  const texts = new Map(objects.map((object) => [object, `${$("h3", object).textContent} ${object.dataset.id}`.toLowerCase()]));
  const search = $("#search");
  const status = $("#status");
  const troubled = $("#troubled");
  const svg = $("#graph");
  const graph = drawing(svg, $("#graph-panel"), () => {}, pick);

  // ---- the list

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const only = troubled.getAttribute("aria-pressed") === "true";
    let shown = 0;
    for (const object of objects) {
      const trouble = Boolean($(".found", object)) || object.classList.contains("missing");
      object.hidden = (only && !trouble) || !words.every((word) => texts.get(object).includes(word));
      shown += !object.hidden;
    }
    for (const space of $$(".space")) {
      space.hidden = Boolean($(".object", space)) && !$(".object:not([hidden])", space);
    }
    const all = shown === objects.length;
    status.textContent = all ? `all ${shown} shown` : `${shown} of ${objects.length} shown`;
    graph.emphasize(all ? null : objects.filter((object) => !object.hidden).map((object) => object.dataset.id));
  }

  function reset() {
    search.value = "";
    troubled.setAttribute("aria-pressed", "false");
    mark(null);
    filter();
  }

  function mark(object) {
    for (const other of $$(".object.picked")) other.classList.remove("picked");
    if (object) object.classList.add("picked");
  }

  // from the drawing to the words
  function pick(id) {
    const object = byId.get(id);
    if (object.hidden) reset();
    mark(object);
    object.scrollIntoView({ block: "start" });
    history.replaceState(null, "", `#${object.id}`);
  }

  // and back
  function follow() {
    const object = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!object || !object.dataset.id) return;
    if (object.hidden) reset();
    mark(object);
    graph.show(object.dataset.id);
    object.scrollIntoView({ block: "start" });
    object.focus({ preventScroll: true });
  }

  on(search, "input", filter);
  on(troubled, "click", () => {
    troubled.setAttribute("aria-pressed", String(troubled.getAttribute("aria-pressed") !== "true"));
    filter();
  });
  for (const object of objects) {
    on($("h3", object), "click", () => {
      mark(object);
      graph.show(object.dataset.id);
    });
  }
  on(window, "hashchange", follow);

  // ---- theme and keys

  const cycle = themes($("#theme"));
  const keys = {
    "/": () => {
      search.focus();
      search.select();
    },
    Escape: reset,
    e: () => troubled.click(),
    t: cycle,
  };
  on(document, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input") && event.key !== "Escape") return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    if (event.target.matches("input")) event.target.blur();
    act();
  });

  filter();
  on(window, "load", () => setTimeout(follow));
})();
