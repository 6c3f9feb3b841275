// This browser's camera: opened only by a button, and every reason why there is none has its own words.

import { isScrambled } from "./canvas.js";
import { element } from "./dom.js";
import { hideFrame, showFrame } from "./overlay.js";
import { sendFrames } from "./sender.js";

const video = element("video");

const REASONS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};
const MAY_COME = ["missing", "busy", "unplugged"]; // what a camera that is plugged in may end

// Why a page can have no camera at all, before anybody is asked for one.
function hindrance() {
  if (!window.isSecureContext) return "insecure";
  return navigator.mediaDevices?.getUserMedia ? null : "unsupported";
}

function askFor(deviceId) {
  const which = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" };
  // "none": a camera that is held upright gives its whole picture, and none that was cut to this shape.
  const size = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 }, resizeMode: { ideal: "none" } };
  return navigator.mediaDevices.getUserMedia({ video: { ...size, ...which }, audio: false });
}

// A phone has a camera on either side, a desk sometimes two; their names are known only once one was allowed.
async function offerDevices(track) {
  const devices = await navigator.mediaDevices.enumerateDevices();
  const cameras = devices.filter(({ kind }) => kind === "videoinput");
  const options = cameras.map((camera, index) => new Option(camera.label || `Camera ${index + 1}`, camera.deviceId));
  element("devices").replaceChildren(...options);
  element("devices").value = track.getSettings().deviceId;
  element("devices-field").hidden = cameras.length < 2;
}

export function runCamera(
  report, // called with a state and what is to be said of it
  signal, // ends it all
  feed = sendFrames, // has the video's frames read
  atOnce = false, // whether the camera was asked for already
) {
  let run = null; // ends the open camera
  let device; // its id, where one was chosen
  let last; // the id of the one that was open last
  let waiting = false; // for a camera that may be plugged in

  function close() {
    run?.abort();
    run = null;
  }

  function ask() {
    close();
    waiting = false;
    report(hindrance() ?? "asking", { start: () => open() });
  }

  async function open(deviceId) {
    close();
    device = deviceId;
    waiting = false;
    const mine = (run = new AbortController());
    report("permission");
    try {
      const stream = await askFor(deviceId);
      mine.signal.addEventListener("abort", () => stream.getTracks().forEach((track) => track.stop()));
      if (mine.signal.aborted) return stream.getTracks().forEach((track) => track.stop());
      await offerDevices(stream.getVideoTracks()[0]);
      play(stream, mine.signal);
    } catch (error) {
      if (mine.signal.aborted) return;
      const reason = REASONS[error.name] ?? "failed";
      if (reason === "missing" && deviceId) return open(); // the one that was chosen is no more; any other will do
      fail(reason, reason === "failed" ? error.message : "");
    }
  }

  function fail(state, message = "") {
    close();
    waiting = MAY_COME.includes(state);
    report(state, { message, start: () => open(device) });
  }

  function play(stream, ending) {
    if (isScrambled()) return fail("scrambled");
    const [track] = stream.getVideoTracks();
    last = track.getSettings().deviceId;
    element("mirror").checked = track.getSettings().facingMode !== "environment"; // a mirror shows the side you look from
    track.addEventListener("ended", () => ending.aborted || fail("unplugged"));
    track.addEventListener("mute", () => ending.aborted || report("paused", { source: track.label }));
    video.srcObject = stream;
    video.hidden = false;
    video.play().catch(() => {}); // a browser that refuses to play ends the track, or goes on when it is touched
    ending.addEventListener("abort", () => {
      video.srcObject = null;
      video.hidden = true;
      hideFrame();
    });
    report("connecting", { source: track.label });
    feed(
      video,
      ending,
      (canvas, recognition) => {
        if (track.muted) return;
        showFrame(canvas, recognition, element("mirror").checked);
        report("playing", { ...recognition, source: track.label });
      },
      (state, message) => report(state, { message, source: track.label }),
    );
  }

  // A camera comes or goes: the list of them changes, and the one that was waited for is opened. Another one never is by itself.
  async function lookAgain() {
    const [track] = video.srcObject?.getVideoTracks() ?? [];
    if (track) return offerDevices(track);
    const devices = await navigator.mediaDevices.enumerateDevices();
    const isBack = devices.some(({ kind, deviceId }) => kind === "videoinput" && (!last || deviceId === last));
    if (waiting && isBack && !signal.aborted) open(last);
  }

  // A page that nobody sees keeps no camera on.
  let wasOn = false;
  function hide() {
    if (!document.hidden && wasOn) open(device);
    wasOn = document.hidden && run !== null;
    if (!wasOn) return;
    close();
    report("paused", { message: "The page was hidden, so its camera is off." });
  }

  navigator.mediaDevices?.addEventListener?.("devicechange", lookAgain, { signal });
  document.addEventListener("visibilitychange", hide, { signal });
  signal.addEventListener("abort", close);
  element("stop").onclick = ask;
  element("devices").onchange = ({ target }) => open(target.value);
  if (atOnce && !hindrance()) open();
  else ask();
}
