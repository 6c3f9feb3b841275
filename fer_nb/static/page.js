// The live page: four sources, one of them at work, and what it reports written into the picture's veil, the cards,
// the facts and the timeline.

import { labelOf } from "./boxes.js";
import { runCamera } from "./camera.js";
import { runDevice } from "./device.js";
import { button, element, page, setText } from "./dom.js";
import { showFaces } from "./faces.js";
import { record, showTimelineOf } from "./panel.js";
import { acceptPictures, runPicture } from "./picture.js";
import { runServer } from "./server.js";
import { announce } from "./speech.js";
import "./offline.js";
import { STATES } from "./states.js";

const SOURCES = { server: runServer, browser: runCamera, picture: runPicture, device: runDevice };
const offered = (name) => document.querySelector(`input[name=source][value=${name}]`) !== null; // a folder has no server
const CAMERA_ON = ["connecting", "playing", "paused", "silent", "refused"]; // states in which this browser's camera is open

let work = null; // ends the source at work

// What may be offered over the picture, by the names that states.js uses.
function offers({ start, choose, demo, measure }) {
  return {
    start: start && ["Start the camera", start],
    again: start && ["Try again", start],
    choose: choose && ["Choose a picture", choose],
    demo: demo && ["Play the demo", demo],
    measure: measure && ["Measure this device", measure],
    mine: offered("browser") && ["Use my camera", () => chooseSource("browser")],
    upload: !choose && offered("picture") && ["Use a picture instead", () => chooseSource("picture")],
    server: offered("server") && [`Watch the server: ${page.dataset.server}`, () => chooseSource("server")],
  };
}

function showActions(state, report) {
  const actions = element("actions");
  if (actions.dataset.state === state && state === page.dataset.state) return;
  actions.dataset.state = state;
  const possible = offers(report);
  const made = (STATES[state].actions ?? []).filter((name) => possible[name]).map((name) => button(...possible[name]));
  const hadFocus = actions.contains(document.activeElement);
  actions.replaceChildren(...made);
  if (hadFocus) (made[0] ?? document.querySelector("input[name=source]:checked")).focus();
}

function showState(state, report) {
  const { pill, tone, veil, empty } = STATES[state];
  showActions(state, report);
  page.dataset.state = state;
  page.dataset.tone = tone;
  setText(element("state"), pill);
  setText(element("empty-title"), empty[0]);
  setText(element("empty-hint"), empty[1]);
  element("veil").hidden = veil === null;
  element("controls").hidden = !["browser", "device"].includes(page.dataset.source) || !CAMERA_ON.includes(state);
  setText(element("stop"), report.film ? "Stop the demo" : "Stop the camera");
  element("mirror").closest("label").hidden = report.film === true;
  element("picture-controls").hidden = state !== "shown";
  if (veil === null) return;
  setText(element("veil-title"), veil[0]);
  setText(element("veil-message"), report.message || veil[1]);
}

function showFact(id, text) {
  element(id).closest("dl > div").hidden = text === undefined;
  setText(element(id), text ?? "–");
}

function showFacts(state, { source, speed, delay, drops, width, height, busy }) {
  const pace = speed == null ? "–" : speed.toFixed(speed < 10 ? 1 : 0);
  const unnamed = { server: page.dataset.server, browser: "This browser's camera", picture: "A picture", device: "This device" };
  showFact("source", source ?? unnamed[page.dataset.source]);
  showFact("speed", speed == null && page.dataset.source !== "server" ? undefined : pace);
  showFact("delay", delay === undefined ? undefined : delay.toFixed(0));
  showFact("dropped", drops === undefined ? undefined : String(drops));
  showFact("size", state === "shown" ? `${width}×${height}` : undefined);
  element("notice").hidden = !busy;
  setText(element("notice"), busy ? "The server is busy, so this page sends it fewer frames." : "");
}

function sentenceFor(state, { message, faces = [] }) {
  const { veil, empty } = STATES[state];
  if (veil) return `${veil[0]}. ${message || veil[1]}`;
  if (faces.length === 0) return empty[0];
  return faces.map((face) => `Face ${face.track}: ${labelOf(face)}`).join(", ");
}

function show(state, report) {
  const reads = state === "playing" || state === "shown";
  const faces = reads ? report.faces : [];
  showState(state, report);
  showFaces(faces);
  showFacts(state, report);
  if (state === "playing") record(report, report.taken);
  announce(sentenceFor(state, { ...report, faces }));
}

function chooseSource(name, ...rest) {
  work?.abort();
  work = new AbortController();
  const { signal } = work;
  page.dataset.source = name;
  document.querySelector(`input[name=source][value=${name}]`).checked = true;
  element("stage").style.removeProperty("--aspect");
  showTimelineOf(name);
  SOURCES[name]((state, report = {}) => signal.aborted || show(state, report), signal, ...rest);
}

element("sources").addEventListener("change", ({ target }) => chooseSource(target.value));

// A picture is read by who is at work on this device, or else by the server.
function takePicture(file) {
  const source = document.querySelector("input[name=source]:checked").value;
  chooseSource(source === "device" || !offered("picture") ? "device" : "picture", file);
}

acceptPictures(takePicture);
window.addEventListener("pagehide", () => work.abort()); // the camera's light goes out, and the session ends
window.addEventListener("pageshow", ({ persisted }) => persisted && chooseSource(page.dataset.source));

// Source and picture may have been chosen before this script had come.
const [early] = element("file").files;
element("file").value = ""; // so that the same file may be chosen again
if (early) takePicture(early);
else chooseSource(document.querySelector("input[name=source]:checked").value);
