// What a person marks in the report: spans that are excluded or an event, and who a track is. See nbs/10d_report.ipynb.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("marking-data").textContent);
  const [source, moment, video] = [byId("source"), byId("moment"), byId("video")];
  const draftKey = `fer_nb marks of ${data.file} in ${location.pathname}`;
  const saved = JSON.stringify(checked(data.marks));
  let marks = JSON.parse(saved);
  let keepsDraft = true;

  // times

  function clock(seconds) {
    const tenths = Math.round(10 * seconds);
    const [hours, minutes] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60];
    const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
    return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
  }

  function readClock(text) {
    const parts = text.trim().split(":").map((part) => (/^\d+(\.\d+)?$/.test(part) ? Number(part) : NaN));
    return parts.length > 3 ? NaN : parts.reduce((sum, part) => 60 * sum + part, 0);
  }

  // what is kept

  function say(text) {
    byId("marking-status").textContent = text;
  }

  function unsaved() {
    return JSON.stringify(marks) !== saved;
  }

  function keepDraft() {
    try {
      if (unsaved()) localStorage.setItem(draftKey, JSON.stringify({ marks, when: new Date().toLocaleString() }));
      else localStorage.removeItem(draftKey);
    } catch {
      keepsDraft = false;
    }
  }

  function readDraft() {
    try {
      const draft = JSON.parse(localStorage.getItem(draftKey));
      if (draft && JSON.stringify(draft.marks) !== saved) {
        marks = checked(draft.marks);
        say(`Shown are your marks of ${draft.when}, which are not in ${data.file}.`);
      } else localStorage.removeItem(draftKey);
    } catch {
      keepsDraft = false;
    }
  }

  function checked(given) {
    const isTime = (value) => Number.isFinite(value) && value >= 0;
    const isText = (value) => typeof value === "string";
    const spans = given.spans.map(({ source, begin, end, kind, name = "" }) => ({ source, begin, end, kind, name }));
    const names = given.names.map(({ source, track, seconds, left, top, width, height, name }) => (
      { source, track, seconds, left, top, width, height, name }
    ));
    const right = spans.every((one) => isText(one.source) && isText(one.name) && isTime(one.begin) && isTime(one.end)
      && one.begin <= one.end && ["excluded", "event"].includes(one.kind))
      && names.every((one) => isText(one.source) && isText(one.name) && one.name.trim()
        && [one.track, one.seconds, one.left, one.top, one.width, one.height].every(Number.isFinite));
    if (!right) throw new TypeError("no marks");
    return { spans, names };
  }

  function change(words) {
    keepDraft();
    show();
    say(`${words} ${unsaved() ? `Not in ${data.file} yet.` : ""}${keepsDraft ? "" : " This browser keeps no draft: save before you leave."}`);
  }

  // what is shown

  const here = () => data.sources[source.value];
  const mine = (list) => list.filter((one) => one.source === here().name);
  const isTrack = (one, track) => one.source === here().name && one.track === track.number
    && track.begin - 1 <= one.seconds && one.seconds <= track.end + 1;

  function cell(row, content, head = false) {
    const made = document.createElement(head ? "th" : "td");
    if (head) made.scope = "row";
    made.append(content);
    row.append(made);
    return made;
  }

  function button(text, label, action) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", action);
    return made;
  }

  function showSpans() {
    const [body, strip] = [byId("spans"), byId("strip")];
    body.replaceChildren();
    strip.replaceChildren();
    for (const one of mine(marks.spans)) {
      const [row, bar] = [document.createElement("tr"), document.createElement("span")];
      const what = one.kind === "excluded" ? "excluded" : one.name || "event";
      const words = `${what}, ${clock(one.begin)} to ${clock(one.end)}`;
      cell(row, what, true);
      cell(row, clock(one.begin)).className = "number";
      cell(row, clock(one.end)).className = "number";
      cell(row, button("Go to", `Go to ${words}`, () => goTo(one.begin)));
      cell(row, button("Remove", `Remove ${words}`, () => {
        marks.spans.splice(marks.spans.indexOf(one), 1);
        change(`Removed: ${words}.`);
        byId("spans-title").focus();
      }));
      body.append(row);
      bar.className = one.kind;
      bar.style.left = `${(100 * one.begin) / here().end}%`;
      bar.style.width = `${(100 * (Math.min(one.end, here().end) - one.begin)) / here().end}%`;
      strip.append(bar);
    }
    byId("no-spans").hidden = body.children.length > 0;
    byId("spans-table").hidden = !body.children.length;
  }

  function setName(track, text) {
    marks.names = marks.names.filter((one) => !isTrack(one, track));
    const { number, seconds, left, top, width, height } = track;
    if (text) marks.names.push({ source: here().name, track: number, seconds, left, top, width, height, name: text });
    const same = here().tracks.filter((other) => other !== track && text && nameOf(other) === text);
    const both = same.find((other) => other.begin < track.end && track.begin < other.end);
    const more = both ? `, and so is track ${both.number} at the same time; look again`
      : same.length ? `; ${same.length + 1} tracks of that name are one` : "";
    change(text ? `Track ${number} is ${text}${more}.` : `Track ${number} has no name.`);
  }

  const nameOf = (track) => (marks.names.find((one) => isTrack(one, track)) || { name: "" }).name;

  function listTracks() {
    const body = byId("tracks-to-name");
    body.replaceChildren();
    for (const track of here().tracks) {
      const [row, field] = [document.createElement("tr"), document.createElement("input")];
      field.setAttribute("aria-label", `Name of track ${track.number}`);
      field.setAttribute("list", "known-names");
      field.autocomplete = "off";
      field.addEventListener("change", () => setName(track, field.value.trim()));
      cell(row, `Track ${track.number}`, true);
      cell(row, `${clock(track.begin)} to ${clock(track.end)}`);
      cell(row, track.mostly);
      cell(row, field);
      cell(row, button("Go to", `Go to track ${track.number}`, () => goTo(track.begin)));
      body.append(row);
    }
  }

  function showNames() {
    const fields = byId("tracks-to-name").querySelectorAll("input");
    here().tracks.forEach((track, place) => {
      if (fields[place] !== document.activeElement) fields[place].value = nameOf(track);  // not what is being written
    });
    const lost = mine(marks.names).filter((one) => !here().tracks.some((track) => isTrack(one, track)));
    byId("lost-names").textContent = lost.length
      ? `Names whose track is not listed here are kept: ${lost.map((one) => `${one.name} at ${clock(one.seconds)}`).join(", ")}.` : "";
    const options = [...new Set(marks.names.map((one) => one.name))].map((name) => new Option(name, name));
    byId("known-names").replaceChildren(...options);
  }

  function showed(track, now) {
    if (!track.states) return `mostly ${track.mostly}`;
    const bin = Math.floor((now - track.begin) / track.bin + 1e-6);
    let state = -1;
    for (let place = 0; place < track.states.length && track.states[place] <= bin; place += 2) state = track.states[place + 1];
    return state < 0 ? "" : data.labels[state >> 1] + (state % 2 ? ", unsure" : "");
  }

  function showMoment() {
    const now = Number(moment.value);
    const seen = [];
    for (const track of here().tracks) {
      if (now < track.begin || now > track.end) continue;
      const name = nameOf(track);
      const who = name ? `${name} (track ${track.number})` : `track ${track.number}`;
      const words = showed(track, now);
      if (words) seen.push(`${who} ${words}`);
    }
    const inside = mine(marks.spans).filter((one) => one.begin <= now && now <= one.end);
    const spans = inside.map((one) => (one.kind === "excluded" ? "excluded" : one.name || "event"));
    moment.setAttribute("aria-valuetext", clock(now));
    byId("now").setAttribute("aria-live", video.paused ? "polite" : "off"); // a film would never let a screen reader end
    byId("now").textContent = `${clock(now)}: ${seen.join("; ") || "nobody"}${spans.length ? ` [${spans.join("; ")}]` : ""}`;
    byId("cursor").style.left = `${(100 * now) / here().end}%`;
  }

  function show() {
    showSpans();
    showNames();
    showMoment();
  }

  function goTo(seconds) {
    moment.value = seconds;
    if (!video.hidden) video.currentTime = Number(moment.value);
    showMoment();
  }

  function chooseSource() {
    moment.max = here().end;
    moment.step = here().step;
    moment.value = 0;
    video.hidden = true;
    video.removeAttribute("src");
    byId("video-file").value = "";
    listTracks();
    show();
  }

  // what a person does

  source.addEventListener("change", chooseSource);
  moment.addEventListener("input", () => goTo(moment.value));
  for (const [id, seconds] of [["back-10", -10], ["back-1", -1], ["ahead-1", 1], ["ahead-10", 10]]) {
    byId(id).addEventListener("click", () => goTo(Number(moment.value) + seconds));
  }
  byId("video-file").addEventListener("change", (event) => {
    const [file] = event.target.files;
    if (!file) return;
    URL.revokeObjectURL(video.src);
    video.src = URL.createObjectURL(file);
    video.hidden = false;
    video.addEventListener("loadedmetadata", () => goTo(moment.value), { once: true });
  });
  video.addEventListener("timeupdate", () => {
    if (video.paused) return;
    moment.value = video.currentTime;
    showMoment();
  });
  video.addEventListener("error", () => {
    if (!video.src) return;
    video.hidden = true;
    say("This browser can't play that file; the times work without it.");
  });
  byId("begin-here").addEventListener("click", () => { byId("begin").value = clock(Number(moment.value)); });
  byId("end-here").addEventListener("click", () => { byId("end").value = clock(Number(moment.value)); });
  byId("span-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const [begin, end] = [readClock(byId("begin").value), readClock(byId("end").value)];
    if (!(begin <= end)) {
      say("A span needs two times such as 0:12.5, and its end is not before its beginning.");
      byId("begin").focus();
      return;
    }
    const kind = byId("kind").value;
    const name = kind === "event" ? byId("event-name").value.trim() : "";
    marks.spans.push({ source: here().name, begin, end, kind, name });
    marks.spans.sort((one, other) => one.begin - other.begin);
    change(`Added: ${kind === "excluded" ? "excluded" : name || "event"}, ${clock(begin)} to ${clock(end)}.`);
  });
  byId("save-marks").addEventListener("click", () => {
    const link = document.createElement("a");
    const address = URL.createObjectURL(new Blob([`${JSON.stringify(marks, null, 1)}\n`], { type: "application/json" }));
    link.href = address;
    link.download = data.file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    say(`Saved as ${data.file}. Move it beside the table; a new report and --apply take it from there.`);
  });
  byId("open-marks").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    try {
      const more = checked(JSON.parse(await file.text()));
      const known = new Set([...marks.spans, ...marks.names].map((one) => JSON.stringify(one)));
      const fresh = (list) => list.filter((one) => !known.has(JSON.stringify(one)));
      const names = fresh(more.names);
      const replaced = (one) => names.some((other) => other.source === one.source && other.track === one.track);
      marks.spans = [...marks.spans, ...fresh(more.spans)].sort((one, other) => one.begin - other.begin);
      marks.names = [...marks.names.filter((one) => !replaced(one)), ...names];
      change(`Added what ${file.name} holds.`);
    } catch {
      say(`${file.name} does not hold marks of a report.`);
    }
    event.target.value = "";
  });
  byId("discard-marks").addEventListener("click", () => {
    marks = JSON.parse(saved);
    change(`Shown is what ${data.file} held when this page was made.`);
  });
  addEventListener("beforeunload", (event) => {
    if (!keepsDraft && unsaved()) event.preventDefault();
  });

  byId("marking").hidden = false;
  readDraft();
  const words = byId("marking-status").textContent;
  chooseSource();
  say(words);
})();
