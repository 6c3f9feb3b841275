// The cards: one a face, with its number, its label and a bar for every expression that the model knows.

import { labelOf } from "./boxes.js";
import { paint } from "./colours.js";
import { element, percent, setText } from "./dom.js";

const list = element("faces");

function makeCard(track) {
  const card = element("face").content.firstElementChild.cloneNode(true);
  card.dataset.track = track;
  for (const row of card.querySelectorAll(".row")) paint(row, row.dataset.expression);
  return card;
}

// The template's rows are the model's expressions; should a face carry others, the rows follow the face.
function fitRows(card, names) {
  const rows = [...card.querySelectorAll(".row")];
  if (rows.length === names.length && rows.every((row, index) => row.dataset.expression === names[index])) return rows;
  const fitted = names.map((name) => {
    const row = rows[0].cloneNode(true);
    row.dataset.expression = name;
    paint(row, name);
    setText(row.querySelector(".name"), name);
    return row;
  });
  card.querySelector(".bars").replaceChildren(...fitted);
  return fitted;
}

function fill(card, face) {
  setText(card.querySelector("[data-part=track]"), String(face.track));
  setText(card.querySelector("[data-part=label]"), labelOf(face));
  // What is not claimed is a guess, and the percentage is the guess's: "Covered, at best happy 67%".
  const guess = face.unsure ? `at best ${face.label} ` : "";
  setText(card.querySelector("[data-part=confidence]"), guess + percent(face.confidence));
  card.classList.toggle("unsure", face.unsure);
  for (const row of fitRows(card, Object.keys(face.probabilities))) {
    const name = row.dataset.expression;
    const share = face.probabilities[name];
    row.classList.toggle("winner", name === face.label);
    row.querySelector(".fill").style.setProperty("--share", share);
    setText(row.querySelector(".share"), percent(share));
  }
}

// A face keeps its card, and cards stand in the order of the tracks, so that faces that cross swap nothing here.
export function showFaces(faces) {
  const old = new Map([...list.children].map((card) => [Number(card.dataset.track), card]));
  [...faces].sort((one, other) => one.track - other.track).forEach((face, index) => {
    const card = old.get(face.track) ?? makeCard(face.track);
    old.delete(face.track);
    fill(card, face);
    if (list.children[index] !== card) list.insertBefore(card, list.children[index] ?? null);
  });
  for (const card of old.values()) card.remove();
  element("empty").hidden = faces.length > 0;
}
