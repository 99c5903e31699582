"use strict";
// Filters, sorts and groups the findings. Everything can be read without it.
(function () {
  const ranks = ["stop", "warn", "go", "set aside", "Critical", "High", "Medium", "Low", "Negligible", "Unknown", ""];
  const preset = new URLSearchParams(location.hash.slice(1));
  const text = (row, place) => row.cells[place].textContent;
  const keys = {
    control: (row) => row.dataset.c || "no control",
    package: (row) => row.dataset.p || "no package",
    layer: (row) => text(row, 4) || "no layer known",
    gate: (row) => text(row, 5).split("/")[0],
  };

  function enhance(found) {
    const body = found.querySelector("tbody");
    const rows = Array.from(body.rows);
    const pick = (name) => found.querySelector("." + name);
    const tools = { text: pick("text"), state: pick("state"), gate: pick("gate"), group: pick("group") };
    const count = pick("count");
    const heads = Array.from(found.querySelectorAll("thead th"));
    const words = new Map();
    let order = { place: -1, down: false };

    function holds(row, wanted) {
      if (!words.has(row)) words.set(row, (row.textContent + " " + row.dataset.c).toLowerCase());
      return wanted.every((word) => words.get(row).includes(word));
    }

    function filter() {
      const wanted = tools.text.value.toLowerCase().split(/\s+/).filter(Boolean);
      const state = tools.state.value, gate = tools.gate.value;
      let shown = 0;
      for (const row of rows) {
        const fits = (!state || text(row, 0) === state) && (!gate || keys.gate(row) === gate) &&
          (!wanted.length || holds(row, wanted));
        if (row.hidden === fits) row.hidden = !fits;
        if (fits) shown += 1;
      }
      count.textContent = shown + " of " + rows.length + " findings shown";
      for (const heading of body.querySelectorAll(".heading")) heading.hidden = !anyShown(heading);
    }

    function anyShown(heading) {
      for (let row = heading.nextElementSibling; row && !row.classList.contains("heading"); row = row.nextElementSibling)
        if (!row.hidden) return true;
      return false;
    }

    function sorted() {
      if (order.place < 0) return rows;
      const ranked = order.place < 2;
      const told = new Map(rows.map((row) => {
        const value = text(row, order.place);
        return [row, ranked ? ranks.indexOf(value) : value];
      }));
      const compare = new Intl.Collator("en", { numeric: true }).compare;
      const up = (a, b) => ranked ? told.get(a) - told.get(b) : compare(told.get(a), told.get(b));
      return rows.slice().sort(order.down ? (a, b) => up(b, a) : up);
    }

    function heading(name, size) {
      const row = document.createElement("tr"), cell = document.createElement("th");
      row.className = "heading";
      row.setAttribute("role", "row");
      cell.setAttribute("role", "rowheader");
      cell.colSpan = 7;
      cell.scope = "rowgroup";
      cell.textContent = name + " (" + size + ")";
      row.append(cell);
      return row;
    }

    function arrange() {
      const key = keys[tools.group.value], pieces = document.createDocumentFragment();
      for (const old of body.querySelectorAll(".heading")) old.remove();
      if (key) {
        const groups = new Map();
        for (const row of sorted()) {
          const name = key(row);
          if (!groups.has(name)) groups.set(name, []);
          groups.get(name).push(row);
        }
        for (const [name, members] of groups) pieces.append(heading(name, members.length), ...chunked(members));
      } else {
        for (const row of sorted()) pieces.append(row);
      }
      body.append(pieces);
      filter();
    }

    function chunked(members) {
      const piece = document.createDocumentFragment();
      for (const row of members) piece.append(row);
      return [piece];
    }

    function sortBy(place) {
      order = { place: place, down: order.place === place && !order.down };
      heads.forEach((head, index) => {
        if (index === place) head.setAttribute("aria-sort", order.down ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      });
      arrange();
    }

    heads.forEach((head, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.addEventListener("click", () => sortBy(place));
      head.replaceChildren(button);
    });
    tools.text.value = preset.get("q") || "";
    tools.state.value = preset.get("state") || "";
    tools.gate.value = preset.get("gate") || "";
    tools.group.value = preset.get("group") || "";
    let waiting = 0;
    tools.text.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
    tools.state.addEventListener("change", filter);
    tools.gate.addEventListener("change", filter);
    tools.group.addEventListener("change", arrange);
    found.querySelector(".tools").hidden = false;
    if (tools.group.value) arrange();
    else if (["q", "state", "gate"].some((name) => preset.has(name))) filter();
    else count.textContent = rows.length + " of " + rows.length + " findings shown";
  }

  document.querySelectorAll(".found").forEach(enhance);
})();
