"use strict";
// Filters, sorts and groups the findings. Everything can be read without it.
(function () {
  const AT_ONCE = 100; // rows of one table body: only those on screen are laid out
  const ranks = ["stop", "warn", "go", "set aside", "Critical", "High", "Medium", "Low", "Negligible", "Unknown", ""];
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  const text = (row, place) => row.cells[place].textContent;
  const keys = {
    control: (row) => row.dataset.c || "no control",
    package: (row) => row.dataset.p || "no package",
    layer: (row) => text(row, 4) || "no layer known",
    gate: (row) => text(row, 5).split("/")[0],
  };

  function heading(name, size) {
    const row = document.createElement("tr"), cell = document.createElement("th");
    row.className = "heading";
    row.setAttribute("role", "row");
    cell.setAttribute("role", "rowheader");
    cell.scope = "rowgroup";
    cell.textContent = name + " (" + size + ")";
    row.append(cell);
    return row;
  }

  function grouped(rows, key) {
    if (!key) return rows;
    const groups = new Map();
    for (const row of rows) {
      const name = key(row);
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(row);
    }
    return Array.from(groups).flatMap(([name, members]) => [heading(name, members.length)].concat(members));
  }

  function body(rows) {
    const made = document.createElement("tbody");
    made.setAttribute("role", "rowgroup");
    for (const row of rows) made.append(row);
    return made;
  }

  function enhance(found) {
    const table = found.querySelector("table");
    const rows = Array.from(table.querySelectorAll("tbody > tr"));
    const heads = Array.from(table.querySelectorAll("thead th"));
    const tools = {};
    for (const name of ["text", "state", "gate", "group"]) tools[name] = found.querySelector("." + name);
    const count = found.querySelector(".count");
    const words = new Map();
    let order = { place: -1, down: false };

    function holds(row, wanted) {
      if (!words.has(row)) words.set(row, (row.textContent + " " + row.dataset.c).toLowerCase());
      return wanted.every((word) => words.get(row).includes(word));
    }

    function sorted() {
      if (order.place < 0) return rows;
      const ranked = order.place < 2;
      const told = new Map(rows.map((row) => [row, text(row, order.place)]));
      const rank = (row) => ranks.indexOf(told.get(row));
      const up = ranked ? (a, b) => rank(a) - rank(b) : (a, b) => compare(told.get(a), told.get(b));
      return rows.slice().sort(order.down ? (a, b) => up(b, a) : up);
    }

    function tell(shown) {
      count.textContent = shown + " of " + rows.length + " findings shown";
    }

    function arrange() {
      const wanted = tools.text.value.toLowerCase().split(/\s+/).filter(Boolean);
      const state = tools.state.value, gate = tools.gate.value, shown = [], rest = [];
      for (const row of sorted()) {
        const fits = (!state || text(row, 0) === state) && (!gate || keys.gate(row) === gate) &&
          (!wanted.length || holds(row, wanted));
        (fits ? shown : rest).push(row);
      }
      const lines = grouped(shown, keys[tools.group.value]);
      const bodies = [body(rest)];
      bodies[0].hidden = true;
      for (let start = 0; start < lines.length; start += AT_ONCE) bodies.push(body(lines.slice(start, start + AT_ONCE)));
      for (const old of Array.from(table.tBodies)) old.remove();
      table.append(...bodies);
      tell(shown.length);
    }

    function sortBy(place) {
      order = { place: place, down: order.place === place && !order.down };
      heads.forEach((head, index) => {
        if (index === place) head.setAttribute("aria-sort", order.down ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      });
      arrange();
    }

    function preset(asked) {
      tools.text.value = asked.get("q") || "";
      for (const name of ["state", "gate", "group"]) tools[name].value = asked.get(name) || "";
      if (Object.values(tools).some((tool) => tool.value)) arrange();
      else tell(rows.length);
    }

    function reveal(row) {
      if (!row.parentNode.hidden) return;
      for (const tool of Object.values(tools)) tool.value = "";
      arrange();
    }

    function arrive() {
      const row = document.getElementById(location.hash.slice(1));
      if (!row || !table.contains(row) || !row.cells) return;
      reveal(row);
      const details = row.querySelector("details");
      if (details) details.open = true;
      row.scrollIntoView();
    }

    heads.forEach((head, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.addEventListener("click", () => sortBy(place));
      head.replaceChildren(button);
    });
    let waiting = 0;
    tools.text.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(arrange, 150); });
    for (const name of ["state", "gate", "group"]) tools[name].addEventListener("change", arrange);
    window.addEventListener("hashchange", arrive);
    found.querySelector(".tools").hidden = false;
    preset(new URLSearchParams(location.hash.slice(1)));
    arrive();
  }

  document.querySelectorAll(".found").forEach(enhance);
})();
