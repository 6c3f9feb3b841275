// The live page: listens to the server's events and writes them into the cards, the picture's veil and the facts.

const RETRY_AFTER = 2000; // milliseconds before a lost stream or picture is asked for again
const SILENT_AFTER = 8000; // milliseconds without an event before the server counts as gone
const SETTLED_AFTER = 1000; // milliseconds a sentence stays the same before it is spoken
const UNSPOKEN_AT_MOST = 5000; // milliseconds after which the latest sentence is spoken, settled or not

const element = (id) => document.getElementById(id);

const page = element("page");
const picture = element("picture");
const faceList = element("faces");
const pictureAddress = picture.src;

// What each state shows on the page. "silent" is the page's own: the server says the other three.
const STATES = {
  opening: {
    pill: "Opening",
    veil: ["Opening the camera", "The first picture is on its way."],
    empty: ["Nothing to read yet", "Faces appear here with the first picture."],
  },
  playing: {
    pill: "Live",
    veil: null,
    empty: ["No face in view", "Look towards the camera, with light from the front."],
  },
  gone: {
    pill: "No camera",
    veil: ["The camera is gone", "It gives no pictures at the moment."],
    empty: ["Nothing to read", "Faces come back with the camera."],
  },
  silent: {
    pill: "No server",
    veil: ["The server does not answer; trying again", "The page goes on by itself when it is back."],
    empty: ["Nothing to read", "Faces come back with the server."],
  },
};

let pictureIsStale = false;
let announcementTimer;
let announcementPending = "";
let unspokenSince = null;

function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

// A probability is never quite 0 or 1, so rounding does not say that it is.
function percent(share) {
  if (share > 0 && share < 0.005) return "<1%";
  if (share < 1 && share >= 0.995) return ">99%";
  return `${Math.round(share * 100)}%`;
}

function speak() {
  unspokenSince = null;
  setText(element("announcement"), announcementPending);
}

// A label that flickers between two expressions is not worth interrupting a listener for at each turn.
function announce(sentence) {
  if (sentence === announcementPending) return;
  announcementPending = sentence;
  unspokenSince ??= Date.now();
  const patience = unspokenSince + UNSPOKEN_AT_MOST - Date.now();
  clearTimeout(announcementTimer);
  announcementTimer = setTimeout(speak, Math.min(SETTLED_AFTER, patience));
}

// The new query keeps the browser from handing back the connection that died.
function askForPicture() {
  picture.src = `${pictureAddress}?again=${Date.now()}`;
}

function makeCard() {
  return element("face").content.firstElementChild.cloneNode(true);
}

function fitCards(count) {
  while (faceList.children.length < count) faceList.append(makeCard());
  while (faceList.children.length > count) faceList.lastElementChild.remove();
}

function showRow(row, share, wins) {
  row.classList.toggle("winner", wins);
  row.querySelector(".fill").style.setProperty("--share", share);
  setText(row.querySelector(".share"), percent(share));
}

function showFace(card, face, number) {
  setText(card.querySelector("[data-part=number]"), String(number));
  setText(card.querySelector("[data-part=label]"), face.label);
  setText(card.querySelector("[data-part=confidence]"), percent(face.confidence));
  for (const row of card.querySelectorAll(".row")) {
    const expression = row.dataset.expression;
    showRow(row, face.probabilities[expression], expression === face.label);
  }
}

function showFaces(faces) {
  fitCards(faces.length);
  faces.forEach((face, index) => showFace(faceList.children[index], face, index + 1));
  element("empty").hidden = faces.length > 0;
}

function showState(state, message) {
  const { pill, veil, empty } = STATES[state];
  page.dataset.state = state;
  setText(element("state"), pill);
  setText(element("empty-title"), empty[0]);
  setText(element("empty-hint"), empty[1]);
  element("veil").hidden = veil === null;
  if (veil === null) return;
  setText(element("veil-title"), veil[0]);
  setText(element("veil-message"), message || veil[1]);
}

function showFacts({ state, source, frames_per_second: speed, size }) {
  setText(element("source"), source);
  setText(element("speed"), state === "playing" ? speed.toFixed(speed < 10 ? 1 : 0) : "–");
  if (size?.height > 0) element("stage").style.setProperty("--aspect", size.width / size.height);
}

function sentenceFor({ state, message, faces }) {
  const { veil, empty } = STATES[state];
  if (veil) return `${veil[0]}. ${message || veil[1]}`;
  if (faces.length === 0) return empty[0];
  return faces.map((face, index) => `Face ${index + 1}: ${face.label}`).join(", ");
}

// The picture's connection dies with the server and may end with the camera: ask anew when playing starts again.
function refreshPicture(state) {
  if (state !== "playing") pictureIsStale ||= state !== "opening";
  else if (pictureIsStale) {
    pictureIsStale = false;
    askForPicture();
  }
}

function show(event) {
  showState(event.state, event.message);
  showFaces(event.state === "playing" ? event.faces : []);
  refreshPicture(event.state);
  announce(sentenceFor(event));
}

// One way back from every loss. The browser's own reconnecting gives up for good on an answer such as 502,
// and does not notice a network that went quiet.
function listen() {
  const stream = new EventSource(page.dataset.events);
  let watch = setTimeout(lose, SILENT_AFTER);

  function lose() {
    clearTimeout(watch);
    stream.close();
    setText(element("speed"), "–");
    show({ state: "silent", message: "", faces: [] });
    setTimeout(listen, RETRY_AFTER);
  }

  stream.onerror = lose;
  stream.onmessage = ({ data }) => {
    clearTimeout(watch);
    watch = setTimeout(lose, SILENT_AFTER);
    const event = JSON.parse(data);
    showFacts(event);
    show(event);
  };
}

picture.addEventListener("error", () => setTimeout(askForPicture, RETRY_AFTER));
listen();
