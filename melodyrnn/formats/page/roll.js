"use strict";
// The melody as bars of pitch and time, with what sounds beneath, bar numbers, chords and the cursor.

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

function drawn(name, attributes, parent, text) {
  const one = document.createElementNS(SVG_NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  if (text !== undefined) one.textContent = text;
  if (parent) parent.append(one);
  return one;
}

class Roll {
  constructor(box, seek) {
    this.box = box;
    this.box.addEventListener("click", (event) => {
      const left = this.svg.getBoundingClientRect().left;
      seek((event.clientX - left - this.margin) / this.scale);
    });
    this.margin = 44;
    this.high = 11; // pixels of a semitone
    this.top = 34;
  }

  draw(take, classes) {
    const pitches = take.notes.map((note) => note[2]);
    const [low, top] = [Math.min(...pitches) - 1, Math.max(...pitches) + 1];
    const width = Math.max(this.box.clientWidth - 2, this.margin + take.end * 0.5 + 8);
    this.scale = (width - this.margin - 8) / take.end;
    const height = this.top + (top - low + 1) * this.high + 6;
    this.x = (tick) => this.margin + tick * this.scale;
    const y = (pitch) => this.top + (top - pitch) * this.high;
    this.svg = drawn("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    for (let pitch = low; pitch <= top; pitch++) {
      const step = ((pitch % 12) + 12) % 12;
      if (take.scale.includes(step))
        drawn("rect", { class: "lane", x: this.margin, y: y(pitch), width, height: this.high }, this.svg);
    }
    this.range = drawn("rect", { class: "loop-range", x: 0, y: 0, width: 0, height }, this.svg);
    this.bars(take, height);
    for (const [onset, length, pitch] of take.beneath)
      if (pitch >= low && pitch <= top)
        drawn("rect", { class: "under", x: this.x(onset), y: y(pitch) + 2, width: length * this.scale, height: this.high - 4 }, this.svg);
    this.notes = take.notes.map(([, , pitch, name], number) => {
      const [onset, length] = take.heard[number];
      const kind = classes ? `s${classes[number]}` : take.scale.includes(pitch % 12) ? (pitch % 12 === take.tonic ? "tonic" : "") : "outside";
      const one = drawn("rect", { class: `note ${kind}`, x: this.x(onset), y: y(pitch), width: Math.max(length * this.scale, 2), height: this.high, rx: 2 }, this.svg);
      drawn("title", {}, one, classes ? `${name}, ${take.bits[number]} bits` : name);
      return one;
    });
    for (const [, , pitch, name] of new Map(take.notes.map((note) => [note[2], note])).values())
      drawn("text", { x: 6, y: y(pitch) + this.high }, this.svg, name);
    this.cursor = drawn("line", { id: "cursor", x1: 0, x2: 0, y1: 0, y2: height }, this.svg);
    this.box.replaceChildren(this.svg);
    this.box.setAttribute("aria-label", `Piano roll: ${take.notes.length} notes from ${this.named(take, Math.min(...pitches))} to ${this.named(take, Math.max(...pitches))}; click to play from there`);
  }

  named(take, pitch) { return take.notes.find((note) => note[2] === pitch)[3]; }

  bars(take, height) {
    for (const [number, onset] of take.bars) {
      drawn("line", { class: "bar", x1: this.x(onset), x2: this.x(onset), y1: 16, y2: height }, this.svg);
      drawn("text", { x: this.x(onset) + 3, y: 12 }, this.svg, number);
    }
    for (const [onset, name] of take.sections)
      drawn("text", { class: "chord", x: this.x(onset) + 18, y: 12 }, this.svg, name);
    for (const [onset, symbol] of take.chords)
      drawn("text", { class: "chord", x: this.x(onset) + 3, y: 27 }, this.svg, symbol);
  }

  showLoop(range) {
    this.range.setAttribute("x", range ? this.x(range[0]) : 0);
    this.range.setAttribute("width", range ? (range[1] - range[0]) * this.scale : 0);
  }

  show(tick, follow) {
    const x = this.x(tick);
    this.cursor.setAttribute("transform", `translate(${x.toFixed(2)}, 0)`);
    if (!follow || this.svg.clientWidth <= this.box.clientWidth) return;
    const place = x - this.box.scrollLeft;
    if (place < this.margin || place > this.box.clientWidth * 0.85) this.box.scrollLeft = x - this.box.clientWidth * 0.2;
  }
}
