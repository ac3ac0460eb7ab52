import { setTimeout as sleep } from "node:timers/promises";

interface Answer {
  status: number;
  body: string;
}

export interface ReadinessWatch {
  /** What /readyz answered since this was last called. */
  take(): Answer[];
  /** Answers of /healthz that were not 200, in all the time. */
  unhealthy: string[];
  stop(): Promise<void>;
}

/** As often as an orchestrator asks before it believes that nobody answers: a flood from its own network may cost it a connection. */
const TRIES = 3;

async function ask(url: URL): Promise<Response> {
  for (let tries = 1; ; tries += 1)
    try {
      return await fetch(url);
    } catch (error) {
      if (tries === TRIES) throw error;
    }
}

/** Asks /readyz and /healthz again and again, as what stands before a product does. */
export function watchReadiness(url: string, everyMs = 50): ReadinessWatch {
  let answers: Answer[] = [];
  let stopped = false;
  const unhealthy: string[] = [];

  async function watch(): Promise<void> {
    while (!stopped) {
      const [ready, health] = await Promise.all([ask(new URL("/readyz", url)), ask(new URL("/healthz", url))]);
      answers.push({ status: ready.status, body: await ready.text() });
      if (health.status !== 200) unhealthy.push(`${health.status} ${await health.text()}`);
      await sleep(everyMs);
    }
  }

  const watching = watch();
  // Told by stop(): until then nobody listens.
  watching.catch(() => {});
  return {
    take() {
      const taken = answers;
      answers = [];
      return taken;
    },
    unhealthy,
    async stop() {
      stopped = true;
      await watching;
    },
  };
}
