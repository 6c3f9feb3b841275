// The server's own camera: an annotated picture that the browser plays, and events that say what is in it.

import { api, element, page } from "./dom.js";

const RETRY_AFTER = 2000; // milliseconds before a lost stream or picture is asked for again
const SILENT_AFTER = 8000; // milliseconds without an event before the server counts as gone

const picture = element("picture");
const asksFirst = "address" in picture.dataset; // it is a camera, and no film
const pictureAddress = picture.dataset.address ?? picture.getAttribute("src");

// Setting an empty address ends the connection, so that the server can release its camera.
export function endPicture() {
  picture.src = "";
  picture.removeAttribute("src");
  picture.hidden = true;
}

// One way back from every loss. The browser's own reconnecting gives up for good on an answer such as 502,
// and does not notice a network that went quiet.
export function runServer(report, signal) {
  let stale = !picture.hasAttribute("src");
  let stream = null;
  let watch, retry;

  // The new query keeps the browser from handing back the connection that died.
  function askForPicture() {
    if (!signal.aborted) picture.src = `${pictureAddress}?again=${Date.now()}`;
  }

  // The picture's connection dies with the server and may end with the camera: ask anew when playing starts again.
  function refreshPicture(state) {
    if (state !== "playing") stale ||= state !== "opening";
    else if (stale) {
      stale = false;
      askForPicture();
    }
  }

  function show({ state, frames_per_second: speed, ...event }) {
    if (event.width && event.height) element("stage").style.setProperty("--aspect", event.width / event.height);
    report(state, { ...event, speed: state === "playing" ? speed : null });
    refreshPicture(state);
  }

  function lose() {
    clearTimeout(watch);
    stream.close();
    report("silent", { source: page.dataset.server });
    refreshPicture("silent");
    retry = setTimeout(listen, RETRY_AFTER);
  }

  function listen() {
    stream = new EventSource(api("events"));
    watch = setTimeout(lose, SILENT_AFTER);
    stream.onerror = lose;
    stream.onmessage = ({ data }) => {
      clearTimeout(watch);
      watch = setTimeout(lose, SILENT_AFTER);
      show(JSON.parse(data));
    };
  }

  function pictureFailed() {
    if (picture.hasAttribute("src")) setTimeout(askForPicture, RETRY_AFTER);
  }

  signal.addEventListener("abort", () => {
    clearTimeout(watch);
    clearTimeout(retry);
    stream?.close();
    picture.removeEventListener("error", pictureFailed);
    endPicture();
  });

  function open() {
    picture.hidden = false;
    report("opening", { source: page.dataset.server });
    listen();
  }

  picture.addEventListener("error", pictureFailed);
  if (asksFirst) report("offered", { source: page.dataset.server, start: open });
  else open();
}
