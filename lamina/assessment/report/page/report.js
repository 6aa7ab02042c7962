// A convenience only: everything can be read without it.

// Maps have one tab stop each; arrow keys move, Enter follows the link (WAI-ARIA, "grid pattern").
for (const map of document.querySelectorAll(".map")) {
  const rows = [...map.tBodies[0].rows].map((row) =>
    [...row.cells].slice(1).map((one) => one.firstElementChild));
  const all = rows.flat();
  for (const one of all) one.tabIndex = -1;
  all[0].tabIndex = 0;
  map.addEventListener("focusin", ({ target }) => {
    for (const one of all) one.tabIndex = one === target ? 0 : -1;
  });
  map.addEventListener("keydown", (event) => {
    const row = rows.findIndex((of) => of.includes(event.target));
    if (row < 0) return;
    const column = rows[row].indexOf(event.target);
    const last = rows[row].length - 1;
    const [down, right] = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      Home: [event.ctrlKey ? 0 : row, 0], End: [event.ctrlKey ? rows.length - 1 : row, last],
    }[event.key] ?? [];
    if (down === undefined) return;
    event.preventDefault();
    rows[down]?.[right]?.focus();
  });
}

// Filters, and the answers of one cell.
(() => {
  const questions = document.getElementById("questions");
  if (!questions) return;
  const form = document.querySelector(".filters");
  const said = document.querySelector(".found");
  const named = document.querySelector(".filters .cell");
  const topics = [...questions.querySelectorAll(".topic")];
  let cell = null; // the cell of a map whose answers are shown: {blend, topic, link}

  const entryOf = (question, blend) =>
    [...question.querySelectorAll(".said")].find(
      (entry) => !entry.dataset.copy && entry.dataset.who.split(" ").includes(blend));

  // The chosen one's answer stands first, beside the base's, also where it is one of the others'.
  function place(question, blend) {
    question.querySelector("[data-copy]")?.remove();
    if (!blend) return question.dataset.marks;
    const entry = entryOf(question, blend);
    if (!entry) return null;
    const beside = question.querySelector(".beside");
    if (entry.parentNode !== beside) {
      const copy = document.createElement("div");
      copy.className = "said chosen " + (entry.querySelector(".tick") ? "right" : "wrong");
      copy.dataset.copy = "yes";
      const title = document.createElement("h4");
      title.textContent = blend;
      copy.append(title);
      for (const part of ["text", "why"]) {
        const line = document.createElement("p");
        line.className = part;
        line.append(...[...entry.querySelector("." + part).cloneNode(true).childNodes]);
        copy.append(line);
      }
      beside.prepend(copy);
    }
    return entry.dataset.marks;
  }

  function show() {
    const words = form.elements.words.value.trim().toLowerCase();
    const wanted = [...form.querySelectorAll("[name=mark]:checked")].map((box) => box.value);
    const part = form.querySelector("[name=part]:checked")?.value;
    let shown = 0;
    for (const topic of topics) {
      const apart = cell && topic.id !== cell.topic;
      let found = 0;
      for (const question of topic.querySelectorAll(".question")) {
        const marks = place(question, apart ? null : cell?.blend);
        const hit = !apart && marks !== null
          && (!wanted.length || wanted.some((mark) => marks.split(" ").includes(mark)))
          && (!part || question.dataset.part === part)
          && (!words || question.textContent.toLowerCase().includes(words));
        question.hidden = !hit;
        found += hit;
      }
      topic.hidden = !found;
      if (found && (words || wanted.length || part || cell)) topic.open = true;
      shown += found;
    }
    said.textContent = `${shown} question${shown === 1 ? "" : "s"}`;
  }

  function choose(link) {
    cell = link && { blend: link.dataset.blend, topic: link.dataset.topic, link };
    named.hidden = !cell;
    named.replaceChildren();
    if (cell) {
      const all = document.createElement("button");
      all.type = "button";
      all.textContent = "Show all";
      all.addEventListener("click", back);
      named.append(link.getAttribute("aria-label") + ". ", all);
    }
    show();
  }

  function back() {
    const link = cell?.link;
    choose(null);
    link?.focus();
  }

  form.hidden = false;
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("answers").addEventListener("keydown", (event) => {
    if (event.key === "Escape" && cell) { event.preventDefault(); back(); }
  });

  for (const map of document.querySelectorAll(".map")) {
    map.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link) return;
      event.preventDefault();
      choose(link);
      named.querySelector("button").focus({ preventScroll: true });
      document.getElementById("answers").scrollIntoView();
    });
  }
  show();
})();

// Lines that a person may want in a terminal.
for (const line of document.querySelectorAll("code.copy")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(line.textContent);
    button.textContent = "Copied";
  });
  line.after(" ", button);
}
