"use strict";
// A small instrument: a struck string of eight partials through a filter that closes, a little room around it.
// Times are seconds of an audio context, lengths seconds, pitches MIDI numbers, velocities 1 to 127.

class Synth {
  constructor(context, volume) {
    this.context = context;
    this.sounding = new Set();
    this.wave = context.createPeriodicWave(
      new Float32Array([0, 1, 0.48, 0.27, 0.16, 0.1, 0.06, 0.04, 0.02]), new Float32Array(9));
    this.out = context.createGain();
    this.out.gain.value = volume;
    const guard = context.createDynamicsCompressor();
    guard.threshold.value = -12;
    guard.ratio.value = 8;
    this.out.connect(guard).connect(context.destination);
    const room = context.createConvolver();
    room.buffer = Synth.room(context);
    const wet = context.createGain();
    wet.gain.value = 0.16;
    this.dry = context.createGain();
    this.dry.connect(this.out);
    this.dry.connect(room).connect(wet).connect(this.out);
  }

  // Noise that dies away within a second; the same each time, so that a page always renders the same sound.
  static room(context) {
    const length = Math.round(context.sampleRate * 0.9);
    const buffer = context.createBuffer(2, length, context.sampleRate);
    let state = 22222;
    for (let side = 0; side < 2; side++) {
      const samples = buffer.getChannelData(side);
      for (let n = 0; n < length; n++) {
        state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
        samples[n] = (state / 0x3fffffff - 1) * Math.exp(-6 * n / length) * 0.5;
      }
    }
    return buffer;
  }

  note(time, length, pitch, velocity, soft) {
    const at = Math.max(time, this.context.currentTime);
    const hertz = 440 * 2 ** ((pitch - 69) / 12);
    const loud = (velocity / 127) ** 1.4 * (soft ? 0.11 : 0.42);
    const end = at + Math.max(length, 0.03);
    const tone = this.context.createOscillator();
    tone.setPeriodicWave(this.wave);
    tone.frequency.value = hertz;
    const filter = this.context.createBiquadFilter();
    filter.type = "lowpass";
    filter.frequency.setValueAtTime(Math.min(hertz * (soft ? 3 : 7), 12000), at);
    filter.frequency.exponentialRampToValueAtTime(Math.min(hertz * 2 + 300, 9000), at + 1.2);
    const gain = this.context.createGain();
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(loud, at + (soft ? 0.03 : 0.006));
    gain.gain.setTargetAtTime(loud * 0.25, at + 0.04, 0.5);
    gain.gain.setTargetAtTime(0, end, soft ? 0.15 : 0.06);
    tone.connect(filter).connect(gain).connect(this.dry);
    tone.start(at);
    tone.stop(end + 0.8);
    const voice = { tone, gain, start: at, end };
    this.sounding.add(voice);
    tone.onended = () => this.sounding.delete(voice);
    return voice;
  }

  // Take back what is to come; `also`: let what sounds fade as well.
  cut(also) {
    const now = this.context.currentTime;
    for (const voice of this.sounding) {
      if (voice.start > now) {
        voice.tone.stop(voice.start);
        voice.gain.disconnect();
        this.sounding.delete(voice);
      } else if (also && voice.end > now) {
        voice.gain.gain.cancelScheduledValues(now);
        voice.gain.gain.setTargetAtTime(0, now, 0.015);
        voice.tone.stop(now + 0.2);
      }
    }
  }

  // The whole of a melody as samples, with what rings after it.
  static async rendered(take, tempo, withBeneath) {
    const second = tempo * 24 / 60;
    const rate = 44100;
    const context = new OfflineAudioContext(2, Math.ceil((take.end / second + 1.5) * rate), rate);
    const synth = new Synth(context, 0.8);
    for (const [onset, length, pitch, velocity] of take.heard)
      synth.note(onset / second, length / second, pitch, velocity, false);
    if (withBeneath)
      for (const [onset, length, pitch, velocity] of take.beneath)
        synth.note(onset / second, length / second, pitch, velocity, true);
    return context.startRendering();
  }

  // A WAV file of 16 bits with its peak at −1 dB.
  static wav(buffer) {
    const sides = [buffer.getChannelData(0), buffer.getChannelData(1)];
    let peak = 1e-9;
    for (const side of sides) for (const sample of side) peak = Math.max(peak, Math.abs(sample));
    const scale = 10 ** (-1 / 20) / peak * 32767;
    const view = new DataView(new ArrayBuffer(44 + buffer.length * 4));
    const word = (at, text) => { for (let n = 0; n < text.length; n++) view.setUint8(at + n, text.charCodeAt(n)); };
    word(0, "RIFF"); view.setUint32(4, 36 + buffer.length * 4, true); word(8, "WAVEfmt ");
    view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 2, true);
    view.setUint32(24, buffer.sampleRate, true); view.setUint32(28, buffer.sampleRate * 4, true);
    view.setUint16(32, 4, true); view.setUint16(34, 16, true); word(36, "data");
    view.setUint32(40, buffer.length * 4, true);
    for (let n = 0; n < buffer.length; n++)
      for (let side = 0; side < 2; side++)
        view.setInt16(44 + n * 4 + side * 2, Math.round(sides[side][n] * scale), true);
    return view.buffer;
  }
}
