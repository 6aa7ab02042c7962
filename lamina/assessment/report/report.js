// A convenience only: filters the questions. Everything can be read without it.
(() => {
  const answers = document.getElementById("answers");
  if (!answers) return;
  const field = document.createElement("input");
  field.type = "search";
  field.placeholder = "Filter questions and answers";
  field.setAttribute("aria-label", field.placeholder);
  answers.before(field);
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    for (const topic of answers.querySelectorAll(".topic")) {
      let found = 0;
      for (const question of topic.querySelectorAll(".question")) {
        const hit = question.textContent.toLowerCase().includes(wanted);
        question.hidden = !hit;
        found += hit;
      }
      topic.hidden = !found;
      topic.open = Boolean(wanted) && found > 0;
    }
  });
})();
