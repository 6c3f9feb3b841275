// What was read, frame by frame, for the curves and for the downloads. It lives in this page's memory and nowhere else.

import { labelOf } from "./boxes.js";

export const WINDOW = 60; // seconds that the curves show
const KEPT = 600; // seconds that the downloads reach back
const MOST_FACES = 100_000; // in all frames together, however many there are in one

const COLUMNS = ["source", "frame", "seconds", "track", "left", "top", "width", "height", "label", "confidence", "unsure"];

// A field of a CSV file: quoted where it must be, and never a formula to a spreadsheet.
function field(value) {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export class Timeline {
  constructor() {
    this.clear();
  }

  clear() {
    this.frames = []; // as the server's events have them: source, frame, seconds, width, height, faces
    this.faces = 0; // in all of them
    this.started = null; // Date of second 0, which is the first frame with a face
    this.origin = 0; // milliseconds on the page's clock at second 0
    this.now = 0; // seconds of the newest frame
    this.newest = null; // its number
  }

  // A frame that was taken at `moment` milliseconds on the page's clock. Its seconds are counted anew by that clock, because
  // the source's own begin again with a film's next round, or with the next session.
  add({ source, frame, width, height, faces }, moment = performance.now()) {
    if (frame === this.newest) return; // the server repeats its newest frame to say that it lives
    this.newest = frame;
    if (this.started === null) {
      if (faces.length === 0) return;
      this.started = new Date(Date.now() - (performance.now() - moment));
      this.origin = moment;
    }
    this.now = Math.max(this.now, (moment - this.origin) / 1000);
    this.frames.push({ source, frame, seconds: Number(this.now.toFixed(3)), width, height, faces });
    this.faces += faces.length;
    if (this.frames[0].seconds < this.now - KEPT - 1 || this.faces > MOST_FACES) this.forget();
  }

  // A second's worth or more at a time, because cutting the front off an array moves all the rest.
  forget() {
    let cut = 0;
    while (this.frames[cut].seconds < this.now - KEPT || this.faces > 0.9 * MOST_FACES) {
      this.faces -= this.frames[cut].faces.length;
      cut += 1;
    }
    this.frames.splice(0, cut);
  }

  get recent() {
    let first = this.frames.length;
    while (first > 0 && this.frames[first - 1].seconds >= this.now - WINDOW) first -= 1;
    return this.frames.slice(first);
  }

  // The columns of the table that `fer_nb annotate` writes, as far as the page knows them.
  csv() {
    const faces = facesOf(this.frames);
    const labels = [...new Set(faces.flatMap(({ probabilities }) => Object.keys(probabilities)))];
    const shares = ["probabilities", "raw"].flatMap((kind) => labels.map((label) => [kind, label]));
    const heads = [...COLUMNS, ...shares.map(([kind, label]) => `${kind}_${label}`)];
    const lines = faces.map((face) => [...COLUMNS.map((name) => face[name]), ...shares.map(([kind, label]) => face[kind][label])]);
    return [heads, ...lines].map((line) => `${line.map(field).join(",")}\r\n`).join("");
  }

  json(model) {
    const head = JSON.stringify({ model, started: this.started }).slice(0, -1);
    return `${head},"frames":[\n${this.frames.map((frame) => JSON.stringify(frame)).join(",\n")}\n]}\n`;
  }
}

// Every face of the frames, with its frame's source, number and seconds.
export function facesOf(frames) {
  return frames.flatMap(({ source, frame, seconds, faces }) => faces.map((face) => ({ source, frame, seconds, ...face })));
}

// The tracks among the faces, the one that was seen most first.
export function tracksOf(faces) {
  const counts = new Map();
  for (const { track } of faces) counts.set(track, (counts.get(track) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one).map(([track]) => track);
}

// The curves of a face in a sentence, for those who don't see them and those who would rather read.
export function summaryOf(faces) {
  if (faces.length === 0) return "";
  const counts = new Map();
  let changes = 0;
  faces.forEach((face, index) => {
    const label = labelOf(face);
    counts.set(label, (counts.get(label) ?? 0) + 1);
    if (index > 0 && faces[index - 1].label !== face.label) changes += 1;
  });
  const parts = [...counts]
    .sort(([, one], [, other]) => other - one)
    .slice(0, 3)
    .map(([label, count]) => `${label} ${Math.max(1, Math.round((100 * count) / faces.length))}%`);
  const seconds = Math.max(1, Math.round(faces.at(-1).seconds - faces[0].seconds));
  const turns = changes === 0 ? "no change of label" : changes === 1 ? "one change of label" : `${changes} changes of label`;
  return `Face ${faces[0].track} over ${seconds} s: ${parts.join(", ")} of the time; ${turns}.`;
}
