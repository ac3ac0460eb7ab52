import { setTimeout as sleep } from "node:timers/promises";

const EVERY_MS = 50;

export interface ReadinessWatch {
  /** Bodies of 503 since it was last asked. */
  takeRefusals(): string[];
  /** Answers of /healthz that were not 200, in all the time. */
  unhealthy: string[];
  stop(): Promise<void>;
}

/** Asks /readyz and /healthz again and again, as what stands before a product does. */
export function watchReadiness(url: string): ReadinessWatch {
  let refusals: string[] = [];
  let stopped = false;
  const unhealthy: string[] = [];

  async function watch(): Promise<void> {
    while (!stopped) {
      const [ready, health] = await Promise.all([fetch(new URL("/readyz", url)), fetch(new URL("/healthz", url))]);
      if (ready.status === 503) refusals.push(await ready.text());
      if (health.status !== 200) unhealthy.push(`${health.status} ${await health.text()}`);
      await sleep(EVERY_MS);
    }
  }

  const watching = watch();
  return {
    takeRefusals() {
      const taken = refusals;
      refusals = [];
      return taken;
    },
    unhealthy,
    async stop() {
      stopped = true;
      await watching;
    },
  };
}
