// The sound and the vibration of an order that is ready. Loaded once a customer switches them on.

const TONES_HZ = [784, 988, 1319];
const TONE_SECONDS = 0.22;
const VOLUME = 0.5;
const SILENT = 0.001; // an exponential ramp cannot end at 0
const VIBRATION_MS = [200, 100, 200];

/**
 * Plays three rising tones, and vibrates where the device can.
 * @param {AudioContext} audio that plays already
 */
export function playAlert(audio) {
  for (const [position, frequency] of TONES_HZ.entries()) {
    const tone = audio.createOscillator();
    const gain = audio.createGain();
    const begins = audio.currentTime + position * TONE_SECONDS;
    tone.frequency.value = frequency;
    gain.gain.setValueAtTime(VOLUME, begins);
    gain.gain.exponentialRampToValueAtTime(SILENT, begins + TONE_SECONDS);
    tone.connect(gain).connect(audio.destination);
    tone.start(begins);
    tone.stop(begins + TONE_SECONDS);
  }
  navigator.vibrate?.(VIBRATION_MS);
}
