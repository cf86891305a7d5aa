// Two tones for a new order. A browser plays sound only after a tap, so a button switches it on.

const TONES_HZ = [880, 1175];
const TONE_SECONDS = 0.18;
const VOLUME = 0.4;

/** @type {AudioContext | null} */
let context = null;

/**
 * Lets the button switch the sound on and off; plays it once, so that the cook hears how loud it is.
 * @param {HTMLElement} button
 */
export function offerSound(button) {
  button.addEventListener("click", async () => {
    const isOn = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isOn));
    if (!isOn) {
      await context?.close();
      context = null;
      return;
    }
    context = new AudioContext();
    await context.resume();
    playSound();
  });
}

/** Plays the sound of a new order, if it is switched on. */
export function playSound() {
  if (!context) return;
  const startsAt = context.currentTime;
  for (const [position, frequency] of TONES_HZ.entries()) {
    const tone = context.createOscillator();
    const gain = context.createGain();
    const begins = startsAt + position * TONE_SECONDS;
    tone.frequency.value = frequency;
    gain.gain.setValueAtTime(VOLUME, begins);
    gain.gain.exponentialRampToValueAtTime(0.001, begins + TONE_SECONDS);
    tone.connect(gain).connect(context.destination);
    tone.start(begins);
    tone.stop(begins + TONE_SECONDS);
  }
}
