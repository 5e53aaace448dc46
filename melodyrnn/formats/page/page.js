"use strict";
// The page: controls, melodies to choose from, marks, score and roll in step with what sounds.
// Texts of the data are set as text, never as markup.

(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const element = (id) => document.getElementById(id);
  const takes = data.takes;
  const transport = new Transport();
  const roll = new Roll(element("roll"), (tick) => transport.seek(tick));
  const MARKS = ["", "no", "maybe", "keep"];
  let current = 0;
  let other = takes.length > 1 ? 1 : 0;
  let sheet = null;
  let lit = -1;
  let ownTempo = false; // once it is set by hand it is everyone's

  // Marks: kept by this browser where it allows that, saved as a file by hand.
  const key = `melodyrnn ${takes.map((take) => take.id).join(" ")}`;
  let marks = takes.map(() => 0);
  try { marks = takes.map((_, n) => (JSON.parse(localStorage.getItem(key)) || [])[n] || 0); } catch { /* not allowed here */ }

  function mark(number, value) {
    marks[number] = value;
    try { localStorage.setItem(key, JSON.stringify(marks)); } catch { /* the file is left */ }
    const select = element(`mark-${number}`);
    if (select) select.value = String(value);
    say(`${label(number)}: ${MARKS[value] || "no mark"}`);
  }

  function label(number) {
    return takes.length > 1 ? `${number + 1}. ${takes[number].title}` : takes[number].title;
  }

  // What its title does not say already.
  function facts(take) {
    return take.facts.map(([name, value]) => `${name} ${value}`).filter((fact) => !take.title.endsWith(fact));
  }

  function say(text) { element("status").textContent = text; }

  function classes(take) {
    if (!element("surprise").checked || take.bits.length < take.notes.length) return null;
    return take.bits.map((bits) => data.limits.filter((limit) => bits >= limit).length);
  }

  function showTake(number) {
    const take = takes[number];
    if (number !== current) other = current;
    current = number;
    element("title").textContent = label(number);
    element("facts").textContent = [take.key, `${take.bars.length} bars`, `${take.notes.length} notes`, ...facts(take)].join(" · ");
    element("recipe").textContent = take.recipe;
    element("recipe-box").hidden = !take.recipe;
    element("beneath-label").hidden = !take.beneath.length;
    element("surprise-label").hidden = take.bits.length < take.notes.length;
    element("save-midi").disabled = !take.midi;
    element("position").max = take.end;
    for (const one of document.querySelectorAll(".sheet")) one.hidden = Number(one.dataset.take) !== number;
    sheet = document.querySelector(`.sheet[data-take="${number}"]`);
    element("without").hidden = Boolean(sheet);
    element("without").textContent = data.without;
    if (!ownTempo) showTempo(take.tempo);
    transport.setTake(take);
    setLoop();
    colour();
    table(take);
    listed();
  }

  function colour() {
    const take = takes[current];
    const shades = classes(take);
    lit = -1;
    pointer();
    roll.draw(take, shades);
    roll.showLoop(transport.loop);
    take.notes.forEach((_, number) => {
      for (const one of pieces(number)) {
        one.classList.remove("sounding", ...data.limits.map((_, n) => `s${n}`), `s${data.limits.length}`);
        if (shades) one.classList.add(`s${shades[number]}`);
      }
    });
    legend(shades);
  }

  function pieces(number) {
    if (!sheet) return [];
    const id = `t${current}-n${number}`;
    return sheet.querySelectorAll(`[id="${id}"], [id^="${id}-"]`);
  }

  function legend(shades) {
    const words = shades
      ? [...data.limits, Infinity].map((limit, n) => [`s${n}`, n === 0 ? `under ${limit} bit` : n === data.limits.length ? `${data.limits[n - 1]} and more` : `${data.limits[n - 1]} to ${limit}`])
      : [["tonic", "tonic"], ["scale", "in the scale"], ["outside", "outside it"]];
    element("legend").replaceChildren(...words.map(([kind, text]) => {
      const one = document.createElement("span");
      one.className = `swatch ${kind}`;
      one.textContent = text;
      return one;
    }));
  }

  function table(take) {
    const heard = take.bits.length >= take.notes.length;
    element("bits-head").hidden = !heard;
    element("rows").replaceChildren(...take.notes.map(([onset, length, , name], number) => {
      const [bar, beat] = place(onset);
      const row = document.createElement("tr");
      const cells = [bar, beat, name, +(length / 24).toFixed(3), ...(heard ? [take.bits[number].toFixed(2)] : [])];
      row.append(...cells.map((text) => { const cell = document.createElement("td"); cell.textContent = text; return cell; }));
      return row;
    }));
  }

  // Bar number and beat, both as musicians count.
  function place(tick) {
    const bars = takes[current].bars;
    let found = bars[0];
    for (const bar of bars) if (bar[1] <= tick) found = bar;
    return [found[0], +((tick - found[1]) / found[2] + 1).toFixed(2)];
  }

  function list() {
    element("takes").hidden = takes.length < 2;
    if (takes.length < 2) return;
    element("list").replaceChildren(...takes.map((take, number) => {
      const row = document.createElement("li");
      const badge = document.createElement("span");
      badge.className = "badge";
      const name = document.createElement("button");
      name.type = "button";
      name.className = "name";
      name.textContent = [label(number), ...facts(take)].join(" · ");
      name.addEventListener("click", () => showTake(number));
      const select = document.createElement("select");
      select.id = `mark-${number}`;
      select.setAttribute("aria-label", `Mark of ${label(number)}`);
      MARKS.forEach((word, value) => select.add(new Option(word || "–", value)));
      select.value = String(marks[number]);
      select.addEventListener("change", () => mark(number, Number(select.value)));
      row.append(badge, name, select);
      return row;
    }));
  }

  function listed() {
    [...element("list").children].forEach((row, number) => {
      row.classList.toggle("current", number === current);
      row.querySelector(".name").setAttribute("aria-current", number === current ? "true" : "false");
      row.querySelector(".badge").textContent = number === current ? "A" : number === other ? "B" : "";
    });
    if (takes.length > 1) element("compared").textContent = `A: ${label(current)}; B: ${label(other)}`;
  }

  function setLoop() {
    const take = takes[current];
    const numbers = take.bars.map((bar) => bar[0]);
    const [from, to] = [element("from"), element("to")];
    for (const one of [from, to]) { one.min = numbers[0]; one.max = numbers.at(-1); }
    const at = (input, otherwise) => { const n = numbers.indexOf(Number(input.value)); return input.value !== "" && n >= 0 ? n : otherwise; };
    const first = at(from, 0);
    const last = Math.max(first, at(to, numbers.length - 1));
    const range = [take.bars[first][1], last + 1 < take.bars.length ? take.bars[last + 1][1] : take.end];
    transport.setLoop(element("loop").checked ? range : null);
    if (roll.svg) roll.showLoop(transport.loop);
  }

  function tempo(value) {
    ownTempo = true;
    showTempo(Math.max(30, Math.min(300, Number(value))));
  }

  function showTempo(value) {
    transport.setTempo(value);
    element("tempo").value = value;
    element("bpm").textContent = `${+value.toFixed(1)} quarters a minute`;
  }

  function toggle() { if (transport.playing) transport.pause(); else transport.play().catch((error) => say(`No sound: ${error.message}`)); }

  function step(bars) {
    const starts = takes[current].bars.map((bar) => bar[1]);
    const here = starts.filter((start) => start <= transport.tick + 1e-6).length - 1;
    transport.seek(starts[Math.max(0, Math.min(starts.length - 1, here + bars))]);
  }

  function save(content, name, type) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    say(`Saved ${name}`);
  }

  function saveMidi() {
    const take = takes[current];
    if (take.midi) save(Uint8Array.from(atob(take.midi), (letter) => letter.charCodeAt(0)), `${take.file}.mid`, "audio/midi");
  }

  async function saveWav() {
    const take = takes[current];
    say("Rendering …");
    save(Synth.wav(await Synth.rendered(take, transport.tempo, transport.withBeneath)), `${take.file}.wav`, "audio/wav");
  }

  function saveMarks() {
    const told = takes.map((take, number) => ({ number: number + 1, title: take.title, id: take.id, mark: MARKS[marks[number]], ...Object.fromEntries(take.facts) }));
    save(JSON.stringify(told, null, 1), "marks.json", "application/json");
  }

  function theme() {
    const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.dataset.theme = dark ? "light" : "dark";
  }

  // The note that sounds, on the roll and in the score, and where the cursor stands.
  function frame() {
    const take = takes[current];
    const tick = transport.tick;
    roll.show(tick, transport.playing);
    if (document.activeElement !== element("position")) element("position").value = Math.round(tick);
    const [bar, beat] = place(tick);
    const where = `bar ${bar}, beat ${Math.floor(beat)}`;
    if (element("where").textContent !== where) {
      element("where").textContent = where;
      element("position").setAttribute("aria-valuetext", where);
    }
    const now = transport.playing ? take.heard.findIndex(([onset, length]) => onset <= tick && tick < onset + length) : -1;
    if (now !== lit) light(now);
    requestAnimationFrame(frame);
  }

  function light(number) {
    if (lit >= 0) { roll.notes[lit].classList.remove("sounding"); for (const one of pieces(lit)) one.classList.remove("sounding"); }
    lit = number;
    const [head, ...tied] = number < 0 ? [] : pieces(number);
    for (const one of head ? [head, ...tied] : []) one.classList.add("sounding");
    if (number >= 0) roll.notes[number].classList.add("sounding");
    pointer(head);
  }

  // A bar through the staff behind the note that sounds.
  function pointer(head) {
    const old = element("pointer");
    if (old) old.remove();
    const bar = head && head.closest(".measure");
    if (!bar) return;
    const [note, around] = [head.getBBox(), bar.getBBox()];
    const place = { x: note.x - 90, width: note.width + 180, y: around.y - 100, height: around.height + 200 };
    bar.prepend(drawn("rect", { id: "pointer", rx: 90, ...place }));
  }

  const KEYS = {
    " ": toggle, Home: () => transport.seek(0), ArrowLeft: () => step(-1), ArrowRight: () => step(1),
    ArrowUp: () => showTake((current + takes.length - 1) % takes.length), ArrowDown: () => showTake((current + 1) % takes.length),
    l: () => element("loop").click(), x: () => showTake(other), s: saveMidi, t: theme,
    "+": () => tempo(transport.tempo + 4), "=": () => tempo(transport.tempo + 4), "-": () => tempo(transport.tempo - 4),
    0: () => mark(current, 0), 1: () => mark(current, 1), 2: () => mark(current, 2), 3: () => mark(current, 3),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const inside = event.target.closest("input, select, textarea, button, summary, a");
    const own = inside && (!inside.matches("button") || event.key === " ") && !inside.matches('[type="checkbox"]:not(:focus-visible)');
    if (own) return;
    const action = KEYS[event.key] || KEYS[event.key.toLowerCase()];
    if (!action || (takes.length < 2 && /Arrow(Up|Down)|^[0-3x]$/.test(event.key))) return;
    event.preventDefault();
    action();
  });
  element("play").addEventListener("click", toggle);
  element("rewind").addEventListener("click", () => transport.seek(0));
  element("loop").addEventListener("change", setLoop);
  element("from").addEventListener("change", setLoop);
  element("to").addEventListener("change", setLoop);
  element("position").addEventListener("input", (event) => transport.seek(Number(event.target.value)));
  element("tempo").addEventListener("input", (event) => tempo(event.target.value));
  element("volume").addEventListener("input", (event) => transport.setVolume((event.target.value / 100) ** 1.5 * 1.1));
  element("beneath").addEventListener("change", (event) => transport.setBeneath(event.target.checked));
  element("surprise").addEventListener("change", colour);
  element("theme").addEventListener("click", theme);
  element("swap").addEventListener("click", () => showTake(other));
  element("save-midi").addEventListener("click", saveMidi);
  element("save-wav").addEventListener("click", saveWav);
  element("save-marks").addEventListener("click", saveMarks);
  window.addEventListener("resize", colour);
  transport.changed = () => { element("play").textContent = transport.playing ? "Pause" : "Play"; };

  element("surprise").checked = takes[0].bits.length >= takes[0].notes.length;
  list();
  transport.take = takes[0];
  showTake(0);
  frame();
})();
