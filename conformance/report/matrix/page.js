// The fragment of the page's address holds the whole state: the filters and the open cell. Whatever the reader does
// changes the fragment, and show makes the page fit it, so that links and the back button work by themselves.
//
// Texts go into the page only as textContent: what targets have sent is among them.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const grid = document.getElementById("grid");
  const tools = document.getElementById("tools");
  const panel = document.getElementById("panel");
  const rows = [...grid.querySelectorAll(".rule")];
  const cells = rows.map((row) => [...row.querySelectorAll("td")]);
  const heads = [...grid.querySelectorAll("thead .name")];
  const single = ["text", "protocol", "role", "level", "class", "ask"];
  const several = ["outcome", "target"];
  const broken = ["fail", "warn", "known"];
  const shownColumns = new Set();
  let current = null; // the cell that Tab leads to, as [row, column]
  let opener = null; // where the focus returns to

  const outcome = (row, column) => cells[row][column].dataset.outcome;
  const textOf = (row) => rows[row].querySelector(".text").textContent;

  // ---- the state in the fragment

  function read() {
    const query = new URLSearchParams(location.hash.slice(1));
    const state = { open: query.get("open") || "" };
    for (const name of single) state[name] = query.get(name) || "";
    for (const name of several) state[name] = query.getAll(name);
    return state;
  }

  function fragment(state) {
    const query = new URLSearchParams();
    for (const name of single) if (state[name]) query.set(name, state[name]);
    for (const name of several) for (const value of state[name]) query.append(name, value);
    if (state.open) query.set("open", state.open);
    return "#" + query;
  }

  function go(change, replace) {
    const to = fragment({ ...read(), ...change });
    if (to === location.hash || (to === "#" && !location.hash)) return;
    history[replace ? "replaceState" : "pushState"](null, "", to);
    show();
  }

  const keyOf = (row, column) => [data.rules[row].id, data.rules[row].role, data.targets[column].name].join("/");

  // find gives the row and the column that an address names, or null.
  function find(key) {
    for (let row = 0; row < rows.length; row++) {
      if (!key.startsWith(data.rules[row].id + "/")) continue;
      const column = data.targets.findIndex((_, n) => keyOf(row, n) === key);
      if (column >= 0) return [row, column];
    }
    return null;
  }

  // ---- filters

  // answers says whether a row is an answer to the question, among these columns. A target that breaks nothing, such as
  // a reference, is left out of "everywhere": with it, that question would never have an answer.
  function answers(ask, row, columns, faulty) {
    const judged = columns.filter((column) => ["pass", ...broken].includes(outcome(row, column)));
    const bad = judged.filter((column) => broken.includes(outcome(row, column)));
    if (ask === "everywhere") {
      const able = judged.filter((column) => faulty.has(column));
      return able.length > 1 && able.every((column) => bad.includes(column));
    }
    return bad.length === 1 && judged.length > 1;
  }

  function fits(state, row, columns, faulty) {
    const rule = data.rules[row];
    const outcomes = columns.map((column) => outcome(row, column)).filter(Boolean);
    const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
    const text = (rule.id + " " + textOf(row)).toLowerCase();
    if (!outcomes.length) return false;
    for (const name of ["protocol", "role", "level", "class"]) {
      if (state[name] && state[name] !== rule[name]) return false;
    }
    if (state.outcome.length && !outcomes.some((o) => state.outcome.includes(o))) return false;
    if (!words.every((word) => text.includes(word))) return false;
    if (!state.ask) return true;
    // "Only here" compares the chosen target with all others.
    if (state.ask === "here") {
      const all = data.targets.map((_, column) => column);
      return answers("here", row, all, faulty) && columns.some((column) => broken.includes(outcome(row, column)));
    }
    return answers(state.ask, row, columns, faulty);
  }

  function filter(state) {
    const all = data.targets.map((_, column) => column);
    const chosen = all.filter((column) => state.target.includes(data.targets[column].name));
    const columns = chosen.length ? chosen : all;
    const faulty = new Set(all.filter((column) => rows.some((_, row) => broken.includes(outcome(row, column)))));
    const shown = rows.map((_, row) => fits(state, row, columns, faulty));
    rows.forEach((row, n) => { row.hidden = !shown[n]; });
    // A column without a result in these rows only takes room.
    shownColumns.clear();
    for (const column of columns) {
      if (chosen.length || rows.some((_, row) => shown[row] && outcome(row, column))) shownColumns.add(column);
    }
    heads.forEach((head, column) => { head.hidden = !shownColumns.has(column); });
    for (const line of cells) line.forEach((cell, column) => { cell.hidden = !shownColumns.has(column); });
    hideEmpty();
    say(shown.filter(Boolean).length, state.ask);
  }

  // hideEmpty hides the headings that no rule stands below.
  function hideEmpty() {
    let heading = null;
    for (const body of grid.tBodies) {
      if (body.className === "protocol") {
        heading = body;
        heading.hidden = true;
        continue;
      }
      body.hidden = ![...body.querySelectorAll(".rule")].some((row) => !row.hidden);
      if (!body.hidden) heading.hidden = false;
    }
  }

  const meaning = {
    everywhere: " that every target shown here breaks (those that break nothing are left out)",
    here: " that one target breaks and all others keep",
  };

  function say(n, ask) {
    document.getElementById("said").textContent =
      `${n === rows.length ? "All " : ""}${n} ${n === 1 ? "rule" : "rules"}${meaning[ask] || ""}`;
    document.getElementById("none").hidden = n > 0;
    grid.hidden = n === 0;
  }

  // ---- the panel

  function element(name, text, className) {
    const e = document.createElement(name);
    if (text !== undefined) e.textContent = text;
    if (className) e.className = className;
    return e;
  }

  // evidence shows lines, each in the colour of who sent it.
  function evidence(text) {
    const pre = element("pre");
    pre.tabIndex = 0;
    for (const line of narrow(text.split("\n"))) {
      const direction = /^\s*(?:\S+ )?([<>.])(?: |$)/.exec(line);
      const kind = direction ? { ">": "sent", "<": "came", ".": "said" }[direction[1]] : lastKind(pre, line);
      pre.append(element("span", line + "\n", kind));
    }
    return pre;
  }

  // narrow removes blanks between the bytes in hexadecimal and the same bytes as text, as many as no line needs.
  function narrow(lines) {
    const parts = lines.map((line) => /^(.*? )((?:[0-9a-f]{2} )*[0-9a-f]{2}) {2,}(\S.*)$/.exec(line));
    const width = Math.max(0, ...parts.map((part) => (part ? part[2].length : 0)));
    return lines.map((line, n) => (parts[n] ? parts[n][1] + parts[n][2].padEnd(width) + "  " + parts[n][3] : line));
  }

  // A line that begins with blanks continues the one above it.
  const lastKind = (pre, line) => (/^ {2}/.test(line) && pre.lastChild ? pre.lastChild.className : "said");

  function scenario(numbers, ruleOutcome, again) {
    const [name, result, plays, reason, proof, known] = numbers;
    const part = element("section");
    const title = element("h3", data.texts[name] + " ");
    title.append(element("span", (known ? "listed " : "") + data.outcomes[result],
      "badge " + (known ? "known" : data.outcomes[result] === "violation" ? ruleOutcome : data.outcomes[result])));
    part.append(title);
    if (plays > 1) part.append(element("p", `Played in ${plays} variants.`, "small"));
    if (reason) part.append(element("p", data.texts[reason]));
    if (proof) part.append(evidence(data.texts[proof]));
    if (again === undefined) return part;
    part.append(element("pre", `muxspec run --scenario ${data.texts[name]} ${again}`, "again"));
    return part;
  }

  // others leads to what the other targets did with the same rule.
  function others(row, column) {
    const list = element("ul", undefined, "others");
    data.targets.forEach((target, n) => {
      if (!outcome(row, n)) return;
      const link = element("a");
      link.href = fragment({ ...read(), open: keyOf(row, n) });
      link.append(element("b", cells[row][n].textContent.trim(), outcome(row, n)), target.name);
      if (n === column) link.setAttribute("aria-current", "true");
      const item = element("li");
      item.append(link);
      list.append(item);
    });
    return list;
  }

  function fill(row, column) {
    const rule = data.rules[row];
    const target = data.targets[column];
    const head = element("header");
    const title = element("h2", `${rule.id} · ${target.name} `);
    title.id = "panel-title";
    title.append(element("span", outcome(row, column) || "not judged", "badge " + outcome(row, column)));
    const close = element("button", "Close");
    close.type = "button";
    close.addEventListener("click", () => go({ open: "" }));
    head.append(title, close);
    panel.replaceChildren(head, element("p", `${rule.level}, ${rule.class}, ${rule.role}`, "small"));
    panel.append(rows[row].querySelector(".text").cloneNode(true));
    if (rule.why) panel.append(element("p", "Why: " + rule.why, "small"));
    if (rule.page) panel.append(element("p", `docs/${rule.page}, ${rule.section}`, "small"));
    if (data.targets.length > 1) panel.append(others(row, column));
    const results = target.cells[row];
    if (!results) panel.append(element("p", "This target was not judged by this rule.", "small"));
    for (const numbers of results || []) panel.append(scenario(numbers, outcome(row, column), target.again));
  }

  function open(key) {
    const at = key && find(key);
    for (const cell of grid.querySelectorAll("td[aria-selected]")) cell.removeAttribute("aria-selected");
    panel.hidden = !at;
    document.body.classList.toggle("open", Boolean(at));
    if (!at) {
      chooseAny(); // the filters may have hidden the cell
      if (opener && current) cells[current[0]][current[1]].focus({ preventScroll: true });
      opener = null;
      return;
    }
    fill(...at);
    const cell = cells[at[0]][at[1]];
    cell.setAttribute("aria-selected", "true");
    choose(...at);
    if (opener !== cell) panel.scrollTop = 0;
    opener = cell;
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
    panel.focus({ preventScroll: true });
  }

  // ---- the keyboard

  const visible = (row, column) => !rows[row].hidden && shownColumns.has(column);

  function choose(row, column) {
    if (current) cells[current[0]][current[1]].tabIndex = -1;
    current = [row, column];
    cells[row][column].tabIndex = 0;
  }

  // chooseAny makes the first cell the one that Tab leads to, if the filters have hidden the one that was.
  function chooseAny() {
    if (current && visible(...current)) return;
    const row = rows.findIndex((r) => !r.hidden);
    const column = [...shownColumns][0];
    if (row >= 0 && column !== undefined) choose(row, column);
  }

  // move goes to the next cell in a direction that is shown; over all of them with far.
  function move(row, column, down, right, far) {
    let last = null;
    for (;;) {
      row += down;
      column += right;
      if (!cells[row] || !cells[row][column]) break;
      if (!visible(row, column)) continue;
      last = [row, column];
      if (!far) break;
    }
    if (!last) return;
    choose(...last);
    const cell = cells[last[0]][last[1]];
    cell.focus({ preventScroll: true });
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  const ways = {
    ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -1], End: [0, 1],
  };

  function pressed(event) {
    const cell = event.target.closest("td");
    if (!cell || event.altKey || event.metaKey) return;
    const [row, column] = [Number(cell.dataset.row), Number(cell.dataset.column)];
    if (event.key === "Enter" || event.key === " ") go({ open: keyOf(row, column) });
    else if (event.ctrlKey && event.key === "Home") move(row, column, -1, 0, true);
    else if (event.ctrlKey && event.key === "End") move(row, column, 1, 0, true);
    else if (ways[event.key]) move(row, column, ...ways[event.key], event.key === "Home" || event.key === "End");
    else return;
    event.preventDefault();
  }

  // ---- the switch between light and dark

  function theme() {
    const button = document.getElementById("theme");
    const names = ["auto", "light", "dark"];
    const set = (name) => {
      if (name === "auto") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = name;
      button.textContent = "Theme: " + name;
    };
    let name = "auto";
    try { name = localStorage.getItem("muxspec-theme") || name; } catch { /* a page from a file may have no storage */ }
    set(names.includes(name) ? name : "auto");
    button.hidden = false;
    button.addEventListener("click", () => {
      name = names[(names.indexOf(document.documentElement.dataset.theme || "auto") + 1) % names.length];
      set(name);
      try { localStorage.setItem("muxspec-theme", name); } catch { /* then it is forgotten */ }
    });
  }

  // ---- the beginning

  function label() {
    grid.setAttribute("role", "grid");
    cells.forEach((line, row) => line.forEach((cell, column) => {
      Object.assign(cell.dataset, { row, column, outcome: cell.className });
      cell.setAttribute("role", "gridcell");
      cell.setAttribute("aria-label",
        `${data.rules[row].id}, ${data.targets[column].name}: ${cell.className || "not judged"}`);
      cell.tabIndex = -1;
    }));
  }

  function chosen() {
    const form = new FormData(tools);
    const state = {};
    for (const name of single) state[name] = form.get(name) || "";
    for (const name of several) state[name] = form.getAll(name);
    return state;
  }

  let openNow = "";

  function show() {
    const state = read();
    for (const name of single) {
      const control = tools.elements[name];
      if (control) control.value = state[name];
      if (!control || control.value !== state[name]) state[name] = ""; // there is no such choice
      if (control) control.value = state[name];
    }
    for (const box of tools.querySelectorAll("input[type=checkbox]")) box.checked = state[box.name].includes(box.value);
    filter(state);
    chooseAny();
    if (state.open !== openNow) open(openNow = state.open);
    else if (openNow && find(openNow)) fill(...find(openNow)); // its links lead on with the new filters
  }

  label();
  theme();
  tools.hidden = false;
  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.addEventListener("change", () => go(chosen()));
  tools.addEventListener("input", (event) => { if (event.target.name === "text") go(chosen(), true); });
  tools.addEventListener("reset", (event) => {
    event.preventDefault();
    const none = Object.fromEntries([...single.map((name) => [name, ""]), ...several.map((name) => [name, []])]);
    go(none);
  });
  grid.addEventListener("click", (event) => {
    const cell = event.target.closest("td");
    if (cell) go({ open: keyOf(cell.dataset.row, cell.dataset.column) });
  });
  grid.addEventListener("keydown", pressed);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel.hidden) go({ open: "" });
  });
  addEventListener("popstate", show);
  show();
})();
