/** Something that runs durable workflows, and how it is asked for one of ten steps. */
export interface Contender {
  /** One run from its start until its end is durable and its caller knows. */
  run(): Promise<void>;
  close(): Promise<void>;
}

export const STEPS = 10;
/** What each step keeps. */
export const PAYLOAD = "x".repeat(200);

/** So many runs, always this many of them at once. */
export async function runMany(contender: Contender, { runs, atOnce }: { runs: number; atOnce: number }): Promise<void> {
  let left = runs;
  const lane = async (): Promise<void> => {
    for (; left > 0; ) {
      left -= 1;
      await contender.run();
    }
  };
  await Promise.all(Array.from({ length: Math.min(runs, atOnce) }, lane));
}
