// This browser's camera: opened only by a button, and every reason why there is none has its own words.

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

// Why a page can have no camera at all, before anybody is asked for one.
function hindrance() {
  if (!window.isSecureContext) return "insecure";
  return navigator.mediaDevices?.getUserMedia ? null : "unsupported";
}

function askFor(deviceId) {
  const which = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" };
  const size = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
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

export function runCamera(report, signal) {
  let run = null; // ends the open camera

  function close() {
    run?.abort();
    run = null;
  }

  function ask() {
    close();
    report(hindrance() ?? "asking", { start: () => open() });
  }

  async function open(deviceId) {
    close();
    const mine = (run = new AbortController());
    report("permission");
    try {
      const stream = await askFor(deviceId);
      mine.signal.addEventListener("abort", () => stream.getTracks().forEach((track) => track.stop()));
      if (mine.signal.aborted) return stream.getTracks().forEach((track) => track.stop());
      await offerDevices(stream.getVideoTracks()[0]);
      play(stream, mine.signal, deviceId);
    } catch (error) {
      if (!mine.signal.aborted) fail(REASONS[error.name] ?? "failed", deviceId, REASONS[error.name] ? "" : error.message);
    }
  }

  function fail(state, deviceId, message = "") {
    close();
    report(state, { message, start: () => open(deviceId) });
  }

  function play(stream, ending, deviceId) {
    const [track] = stream.getVideoTracks();
    element("mirror").checked = track.getSettings().facingMode !== "environment"; // a mirror shows the side you look from
    track.addEventListener("ended", () => ending.aborted || fail("unplugged", deviceId));
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
    sendFrames(
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

  signal.addEventListener("abort", close);
  element("stop").onclick = ask;
  element("devices").onchange = ({ target }) => open(target.value);
  ask();
}
