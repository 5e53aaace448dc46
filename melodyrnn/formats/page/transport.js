"use strict";
// When what sounds. Ticks are 24 a quarter. While it plays, time runs as an unbroken count of ticks from an origin
// (audio time, tick); a loop folds this count into its range. Notes are given to the synthesiser a moment ahead, so that
// a loop has no seam, and a change of melody no gap.

class Transport {
  constructor() {
    this.ahead = 0.15; // seconds that are scheduled
    this.take = null;
    this.tempo = 120;
    this.loop = null; // [start, end) in ticks
    this.withBeneath = true;
    this.volume = 0.8;
    this.playing = false;
    this.stopped = 0; // where it stands while it does not play
    this.changed = () => {};
  }

  get rate() { return this.tempo * 24 / 60; }
  get end() { return this.loop ? this.loop[1] : this.take.end; }

  // Tick that is heard now, folded into the loop: what the context counts comes out of the loudspeaker a little later.
  get tick() {
    if (!this.playing) return this.stopped;
    return this.folded(this.count(this.context.currentTime - Math.min(this.context.outputLatency || 0, 0.3)));
  }

  count(time) { return this.origin.tick + Math.max(0, time - this.origin.time) * this.rate; }

  folded(count) {
    if (!this.loop || count < this.loop[1] || this.origin.tick >= this.loop[1]) return Math.min(count, this.take.end);
    const [start, end] = this.loop;
    return start + (count - start) % (end - start);
  }

  async play() {
    if (this.playing) return;
    if (!this.context) {
      this.context = new AudioContext();
      this.synth = new Synth(this.context, this.volume);
    }
    if (this.context.state !== "running") await this.context.resume();
    if (this.stopped >= this.end) this.stopped = this.loop ? this.loop[0] : 0;
    this.playing = true;
    this.begin(this.stopped, 0.06);
    this.timer = setInterval(() => this.schedule(), 25);
    this.changed();
  }

  pause() {
    if (!this.playing) return;
    this.stopped = this.tick;
    this.halt();
  }

  halt() {
    this.playing = false;
    clearInterval(this.timer);
    this.synth.cut(true);
    this.changed();
  }

  // Go on from a tick: what sounds there is taken up, even within a note.
  begin(tick, wait = 0.01) {
    this.origin = { time: this.context.currentTime + wait, tick };
    this.scheduled = tick;
    this.takeUp(tick);
    this.schedule();
  }

  takeUp(tick) {
    for (const [onset, length, pitch, velocity] of this.take.heard)
      if (onset < tick && tick < onset + length)
        this.synth.note(this.origin.time, (onset + length - tick) / this.rate, pitch, velocity, false);
    if (this.withBeneath)
      for (const [onset, length, pitch, velocity] of this.take.beneath)
        if (onset < tick && tick < onset + length)
          this.synth.note(this.origin.time, (onset + length - tick) / this.rate, pitch, velocity, true);
  }

  seek(tick) {
    tick = Math.max(0, Math.min(tick, this.take.end));
    this.stopped = tick;
    if (this.playing) { this.synth.cut(true); this.begin(tick); }
    this.changed();
  }

  setTake(take) {
    const tick = this.take ? this.tick : 0;
    this.take = take;
    this.stopped = tick < take.end ? tick : 0;
    if (this.playing) { this.synth.cut(true); this.begin(this.stopped); }
    this.changed();
  }

  // What sounds goes on; what is to come is scheduled anew.
  retime(change) {
    if (!this.playing) { change(); this.changed(); return; }
    const now = this.context.currentTime;
    const tick = this.folded(this.count(now));
    this.synth.cut(false);
    change();
    this.origin = { time: Math.max(now, this.origin.time), tick };
    this.scheduled = tick;
    this.schedule();
    this.changed();
  }

  setTempo(tempo) { this.retime(() => { this.tempo = tempo; }); }
  setLoop(range) { this.retime(() => { this.loop = range; }); }
  setBeneath(on) { this.retime(() => { this.withBeneath = on; }); }
  setVolume(volume) {
    this.volume = volume;
    if (this.synth) this.synth.out.gain.setTargetAtTime(volume, this.context.currentTime, 0.02);
  }

  schedule() {
    const now = this.count(this.context.currentTime);
    const until = now + this.ahead * this.rate;
    for (const [from, to, count] of this.stretches(this.scheduled, until)) {
      this.give(this.take.heard, from, to, count, false);
      if (this.withBeneath) this.give(this.take.beneath, from, to, count, true);
    }
    this.scheduled = Math.max(this.scheduled, until);
    if (!this.loop && now >= this.take.end) { this.stopped = 0; this.halt(); }
  }

  // The stretches of the melody between two counts: [from, to) in its ticks, and the count at its tick 0.
  *stretches(a, b) {
    const looped = this.loop && this.origin.tick < this.loop[1];
    while (a < b) {
      const tick = this.folded(a);
      const end = looped ? this.loop[1] : this.take.end;
      if (tick >= end) return;
      const to = Math.min(end, tick + b - a);
      if (to <= tick) return; // what is left is less than a number can say
      yield [tick, to, a - tick];
      a += to - tick;
    }
  }

  give(notes, from, to, count, soft) {
    const end = this.loop && to <= this.loop[1] ? this.loop[1] : Infinity;
    for (const [onset, length, pitch, velocity] of notes)
      if (onset >= from && onset < to) {
        const time = this.origin.time + (onset + count - this.origin.tick) / this.rate;
        this.synth.note(time, Math.min(length, end - onset) / this.rate, pitch, velocity, soft);
      }
  }
}
