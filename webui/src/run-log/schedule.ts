/** A hidden page gets no animation frames; it still takes in what comes, four times a second. */
const HIDDEN_MS = 250;

/**
 * Runs the work once, before the next paint, or after a quarter of a second when the page is hidden or hides in
 * between. Never inside a React transition: those may be put off for as long as events keep coming.
 */
export function schedulePaint(work: () => void): void {
  let done = false;
  const once = (): void => {
    if (done) return;
    done = true;
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    work();
  };
  const frame = requestAnimationFrame(once);
  const timer = setTimeout(once, HIDDEN_MS);
}
