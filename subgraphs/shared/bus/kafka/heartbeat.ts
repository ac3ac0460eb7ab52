/** How often the brokers hear that a consumer is there. */
export const BEAT_MS = 3_000;

/**
 * Does work that may take longer than the brokers wait for a sign of its consumer, and gives that sign meanwhile. What such a
 * sign brings back is heard after the work.
 */
export async function whileBeating<T>(heartbeat: () => Promise<void>, work: () => Promise<T>): Promise<T> {
  const beat = setInterval(() => void heartbeat().catch(() => {}), BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
  }
}
