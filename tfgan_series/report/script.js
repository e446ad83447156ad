"use strict";
(() => {
  const { moments, runs } = JSON.parse(document.getElementById("data").textContent);
  const articles = [...document.querySelectorAll(".run")];
  const all = (selector) => document.querySelectorAll(selector);
  const announcement = document.getElementById("announcement");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let position = moments.length - 1;
  let timer = null;

  // The place of the last moment that is not after the given epoch; 0 where all are.
  const upTo = (some, epoch) => Math.max(0, some.findLastIndex((one) => one.epoch <= epoch));

  function show(next) {
    position = Math.min(Math.max(next, 0), moments.length - 1);
    const { epoch, text } = moments[position];
    all(".epoch").forEach((slider) => {
      slider.value = position;
      slider.setAttribute("aria-valuetext", text);
    });
    runs.forEach((run, number) => showRun(run, articles[number], epoch));
    if (timer === null) announcement.textContent = text[0].toUpperCase() + text.slice(1);
  }

  function showRun(run, article, epoch) {
    const { text, grid, row } = run.frames[upTo(run.frames, epoch)];
    if (grid !== null) {
      const image = article.querySelector(".grid");
      image.src = grid;
      image.alt = `Pictures drawn after ${text}`;
    }
    article.querySelector(".shown").textContent = text;
    article.querySelectorAll(".plot").forEach((figure, number) => mark(figure, run.plots[number], row));
  }

  // Mark a row of the log on its curves; null: before the first step there are no numbers.
  function mark(figure, plot, row) {
    const marker = figure.querySelector(".marker");
    marker.setAttribute("transform", `translate(${plot.x[row ?? 0]} 0)`);
    marker.style.visibility = row === null ? "hidden" : "visible";
    figure.querySelectorAll(".dot").forEach((dot, number) => {
      const y = row === null ? null : plot.lines[number].y[row];
      dot.style.visibility = y === null ? "hidden" : "visible";
      dot.setAttribute("cx", plot.x[row ?? 0]);
      dot.setAttribute("cy", y ?? 0);
    });
    figure.querySelectorAll(".value").forEach((value, number) => {
      value.textContent = row === null ? "–" : plot.lines[number].values[row];
    });
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    document.body.classList.remove("playing");
    all(".play").forEach((button) => button.setAttribute("aria-label", "Play through the epochs"));
  }

  function play() {
    if (position === moments.length - 1) show(0);
    timer = setInterval(() => {
      if (position + 1 >= moments.length - 1) stop();
      show(position + 1);
    }, calm.matches ? 1500 : 200);
    document.body.classList.add("playing");
    all(".play").forEach((button) => button.setAttribute("aria-label", "Stop playing"));
  }

  function slide(next) {
    stop();
    show(next);
  }

  all(".controls").forEach((controls) => { controls.hidden = false; });
  all(".epoch").forEach((slider) => slider.addEventListener("input", () => slide(Number(slider.value))));
  all(".play").forEach((button) => button.addEventListener("click", () => {
    if (timer === null) play();
    else slide(position);
  }));
  document.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const elsewhere = event.target.closest("input, summary, [tabindex]") || event.altKey || event.ctrlKey || event.metaKey;
    if (step && !elsewhere) slide(position + step);
  });
  runs.forEach((run, number) => articles[number].querySelectorAll(".plot > svg").forEach((drawing, which) => {
    drawing.addEventListener("click", (event) => {
      const { left, width } = drawing.getBoundingClientRect();
      const x = (event.clientX - left) / width * drawing.viewBox.baseVal.width;
      const { x: places } = run.plots[which];
      const nearest = places.reduce((best, place, at) => (Math.abs(place - x) < Math.abs(places[best] - x) ? at : best), 0);
      slide(upTo(moments, run.logged[nearest]));
    });
  }));
  all(".cut").forEach((slider) => slider.addEventListener("input", () => {
    slider.parentElement.style.setProperty("--share", slider.value / 100);
    slider.setAttribute("aria-valuetext", `${slider.value} % original`);
  }));
  show(position);
  announcement.textContent = "";
})();
