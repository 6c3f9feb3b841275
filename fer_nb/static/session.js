// A session with the server: it has its own tracks there, so a face keeps its track from frame to frame.

import { call } from "./calls.js";
import { api } from "./dom.js";

export async function openSession(signal) {
  const { session } = await call("sessions", { method: "POST", signal });
  const id = encodeURIComponent(session);
  return {
    send: (frame, jpeg) => call(`frames?session=${id}&frame=${frame}`, { method: "POST", body: jpeg, signal }),
    end: () => navigator.sendBeacon(api(`sessions/${id}/end`)), // also goes out from a page that closes
  };
}
