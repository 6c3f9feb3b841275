// The timeline's panel: whose curves, which curves, the sentence below them, and the downloads.

import { drawChart } from "./chart.js";
import { paint } from "./colours.js";
import { element, page, setText } from "./dom.js";
import { facesOf, summaryOf, Timeline, tracksOf } from "./timeline.js";

const DRAWN_EVERY = 200; // milliseconds
const CALM = window.matchMedia("(prefers-reduced-motion: reduce)"); // then once a second

const select = element("timeline-face");
const legend = element("legend");
const timelines = { server: new Timeline(), browser: new Timeline(), device: new Timeline() };
const hidden = new Set();
let timeline = timelines.server;
let timer = null;

const template = legend.firstElementChild.cloneNode(true);

function fitLegend(names) {
  const buttons = [...legend.querySelectorAll("button")];
  const same = buttons.length === names.length && buttons.every(({ dataset }, index) => dataset.curve === names[index]);
  if (same) return;
  legend.replaceChildren(...names.map((name) => {
    const item = template.cloneNode(true);
    item.firstElementChild.dataset.curve = name;
    item.firstElementChild.textContent = name;
    return item;
  }));
}

// The curves that are drawn: those of the buttons that are pressed, each in its button's colour.
function paintLegend() {
  const buttons = [...legend.querySelectorAll("button")];
  for (const button of buttons) {
    paint(button, button.dataset.curve);
    button.setAttribute("aria-pressed", String(!hidden.has(button.dataset.curve)));
  }
  return buttons
    .filter(({ dataset }) => !hidden.has(dataset.curve))
    .map((button) => ({ name: button.dataset.curve, colour: getComputedStyle(button).getPropertyValue("--hue").trim() }));
}

// Options come and go singly, so that a list that is open stays as it is.
function fitSelect(tracks) {
  const wanted = new Set(tracks.map(String));
  for (const option of [...select.options].slice(1)) {
    if (wanted.has(option.value)) wanted.delete(option.value);
    else if (!option.selected) option.remove();
  }
  for (const track of [...wanted].sort((one, other) => one - other)) select.add(new Option(`Face ${track}`, track));
}

function draw() {
  timer = null;
  const recent = facesOf(timeline.recent);
  const tracks = tracksOf(recent);
  fitSelect(tracks);
  const chosen = select.value ? Number(select.value) : tracks[0];
  const faces = recent.filter(({ track }) => track === chosen);
  if (faces.length) fitLegend(Object.keys(faces.at(-1).probabilities));
  drawChart(element("chart"), faces, timeline.now, paintLegend());
  setText(element("timeline-summary"), summaryOf(faces) || "No face has been read in the last minute.");
  for (const id of ["csv", "json", "clear"]) element(id).disabled = timeline.frames.length === 0;
}

function drawSoon() {
  timer ??= setTimeout(draw, CALM.matches ? 1000 : DRAWN_EVERY);
}

export function record(recognition, moment) {
  timeline.add(recognition, moment);
  drawSoon();
}

// Each source has a timeline of its own; a single picture has none.
export function showTimelineOf(source) {
  element("timeline").hidden = !(source in timelines);
  timeline = timelines[source] ?? timeline;
  select.value = "";
  drawSoon();
}

function download(text, type, ending) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = `expressions-${timeline.started.toISOString().slice(0, 19).replaceAll(":", "-")}.${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

element("csv").addEventListener("click", () => download(timeline.csv(), "text/csv", "csv"));
element("json").addEventListener("click", () => download(timeline.json(page.dataset.model), "application/json", "json"));
element("clear").addEventListener("click", () => {
  timeline.clear();
  select.value = "";
  draw();
  select.focus(); // the button that had the focus is disabled now
});
select.addEventListener("change", draw);
legend.addEventListener("click", ({ target }) => {
  const name = target.dataset.curve;
  if (!name) return;
  if (!hidden.delete(name)) hidden.add(name);
  draw();
});
new ResizeObserver(drawSoon).observe(element("chart"));
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawSoon);
