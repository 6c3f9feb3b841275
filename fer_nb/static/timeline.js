// What was read, row by row, for the curves and for the downloads. It lives in this page's memory and nowhere else.

import { labelOf } from "./faces.js";

export const WINDOW = 60; // seconds that the curves show
const KEPT = 600; // seconds that the downloads reach back
const MOST_ROWS = 100_000; // however many faces

const rounded = (value, digits) => Number(value.toFixed(digits));

// A field of a CSV file: quoted where it must be, and never a formula to a spreadsheet.
function field(value) {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export class Timeline {
  constructor() {
    this.clear();
  }

  clear() {
    this.rows = [];
    this.started = null; // Date of second 0
    this.origin = 0; // milliseconds on the page's clock at second 0
    this.now = 0; // seconds of the newest frame
    this.frame = null; // its number
  }

  // The faces of one frame, taken at `moment` milliseconds on the page's clock; none is worth knowing too.
  add(frame, faces, moment = performance.now()) {
    if (frame === this.frame) return; // the server repeats its newest frame to say that it lives
    this.frame = frame;
    if (this.started === null) {
      if (faces.length === 0) return;
      this.started = new Date(Date.now() - (performance.now() - moment));
      this.origin = moment;
    }
    this.now = Math.max(this.now, (moment - this.origin) / 1000);
    const seconds = rounded(Math.max(0, moment - this.origin) / 1000, 3);
    for (const { number, box, label, confidence, unsure, probabilities } of faces) {
      this.rows.push({ seconds, frame, face: number, box, label, confidence, unsure: Boolean(unsure), probabilities });
    }
    this.forget();
  }

  // A second's worth at a time, because cutting the front off an array moves all the rest.
  forget() {
    if (this.rows.length && (this.rows[0].seconds < this.now - KEPT - 1 || this.rows.length > MOST_ROWS)) {
      const first = this.rows.findIndex(({ seconds }) => seconds >= this.now - KEPT);
      this.rows.splice(0, Math.max(first < 0 ? this.rows.length : first, this.rows.length - MOST_ROWS * 0.9));
    }
  }

  get recent() {
    let first = this.rows.length;
    while (first > 0 && this.rows[first - 1].seconds >= this.now - WINDOW) first -= 1;
    return this.rows.slice(first);
  }

  get expressions() {
    return [...new Set(this.rows.flatMap(({ probabilities }) => Object.keys(probabilities)))];
  }

  csv() {
    const names = this.expressions;
    const heads = ["seconds", "frame", "face", "x", "y", "width", "height", "label", "confidence", "unsure", ...names];
    const lines = this.rows.map(({ seconds, frame, face, box, label, confidence, unsure, probabilities }) => {
      const shares = names.map((name) => probabilities[name] ?? "");
      return [seconds, frame, face, box.x, box.y, box.width, box.height, label, confidence, unsure, ...shares];
    });
    return [heads, ...lines].map((line) => `${line.map(field).join(",")}\r\n`).join("");
  }

  json(about) {
    const head = { ...about, started: this.started, expressions: this.expressions };
    return `${JSON.stringify(head).slice(0, -1)},"rows":[\n${this.rows.map((row) => JSON.stringify(row)).join(",\n")}\n]}\n`;
  }
}

// How often each face was seen among the rows, the most seen first.
export function facesOf(rows) {
  const counts = new Map();
  for (const { face } of rows) counts.set(face, (counts.get(face) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one).map(([face]) => face);
}

// The curves in a sentence, for those who don't see them and those who would rather read.
export function summaryOf(rows) {
  if (rows.length === 0) return "";
  const counts = new Map();
  let changes = 0;
  rows.forEach((row, index) => {
    const label = labelOf(row);
    counts.set(label, (counts.get(label) ?? 0) + 1);
    if (index > 0 && rows[index - 1].label !== row.label) changes += 1;
  });
  const parts = [...counts]
    .sort(([, one], [, other]) => other - one)
    .slice(0, 3)
    .map(([label, count]) => `${label} ${Math.max(1, Math.round((100 * count) / rows.length))}%`);
  const seconds = Math.max(1, Math.round(rows.at(-1).seconds - rows[0].seconds));
  const turns = changes === 0 ? "no change of label" : changes === 1 ? "one change of label" : `${changes} changes of label`;
  return `Face ${rows[0].face} over ${seconds} s: ${parts.join(", ")} of the time; ${turns}.`;
}
