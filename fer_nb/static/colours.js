// The colours of the model's labels: one table, which the server hands the page, for bars, curves and boxes.

import { page } from "./dom.js";

const TONES = new Map(Object.entries(JSON.parse(page.dataset.colours))); // label: [on a light page, on a dark one]
const UNSURE = JSON.parse(page.dataset.unsure); // of a face whose label is not worth saying, and of a label not known here

const tonesOf = (label) => TONES.get(label) ?? UNSURE;

// Give an element both tones; style.css takes the one of its theme for `--hue`.
export function paint(target, label) {
  const [light, dark] = tonesOf(label);
  target.style.setProperty("--on-light", light);
  target.style.setProperty("--on-dark", dark);
}

// What is drawn over a picture has the tone for dark ground, whatever the theme.
export function boxColour({ unsure, label }) {
  const [, dark] = unsure ? UNSURE : tonesOf(label);
  return dark;
}
