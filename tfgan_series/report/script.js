"use strict";
(() => {
  const { epochs, runs } = JSON.parse(document.getElementById("data").textContent);
  const articles = [...document.querySelectorAll(".run")];
  const all = (selector) => document.querySelectorAll(selector);
  const announcement = document.getElementById("announcement");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let position = epochs.length - 1;
  let timer = null;

  // The last of some rising epochs that is not after the given one; the first where all are.
  const upTo = (some, epoch) => Math.max(0, some.findLastIndex((one) => one <= epoch));

  function show(next) {
    position = Math.min(Math.max(next, 0), epochs.length - 1);
    const epoch = epochs[position];
    all(".epoch").forEach((slider) => {
      slider.value = position;
      slider.setAttribute("aria-valuetext", `epoch ${epoch} of ${epochs.at(-1)}`);
    });
    runs.forEach((run, number) => showRun(run, articles[number], epoch));
    if (timer === null) announcement.textContent = `Epoch ${epoch}`;
  }

  function showRun(run, article, epoch) {
    const image = article.querySelector(".grid");
    let shown = run.logged[upTo(run.logged, epoch)];
    if (image) {
      const place = upTo(run.epochs, epoch);
      shown = run.epochs[place];
      image.src = run.grids[place];
      image.alt = `Pictures drawn after epoch ${shown}`;
    }
    article.querySelector(".shown").textContent = `epoch ${shown}`;
    const place = run.logged.indexOf(shown);
    article.querySelectorAll(".plot").forEach((figure, number) => mark(figure, run.plots[number], place));
  }

  function mark(figure, plot, place) {
    const marker = figure.querySelector(".marker");
    marker.setAttribute("transform", `translate(${plot.x[place]} 0)`);
    marker.style.visibility = "visible";
    figure.querySelectorAll(".dot").forEach((dot, number) => {
      const y = plot.lines[number].y[place];
      dot.style.visibility = y === null ? "hidden" : "visible";
      dot.setAttribute("cx", plot.x[place]);
      dot.setAttribute("cy", y ?? 0);
    });
    figure.querySelectorAll(".value").forEach((value, number) => {
      value.textContent = plot.lines[number].values[place];
    });
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    document.body.classList.remove("playing");
    all(".play").forEach((button) => button.setAttribute("aria-label", "Play through the epochs"));
  }

  function play() {
    if (position === epochs.length - 1) show(0);
    timer = setInterval(() => {
      if (position + 1 >= epochs.length - 1) stop();
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
      slide(upTo(epochs, run.logged[nearest]));
    });
  }));
  all(".cut").forEach((slider) => slider.addEventListener("input", () => {
    slider.parentElement.style.setProperty("--share", slider.value / 100);
    slider.setAttribute("aria-valuetext", `${slider.value} % original`);
  }));
  show(position);
  announcement.textContent = "";
})();
