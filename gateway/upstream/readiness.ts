import { withDeadline } from "../ground/deadline.ts";
import type { Send } from "./send.ts";

const LIMIT_MS = 2_000;

/** Answers /readyz: 200 when every subgraph is ready, else 503 with the names of those that are not and why. */
export function createReadiness(urls: Readonly<Record<string, string>>, send: Send): () => Promise<Response> {
  async function faultOf(name: string, url: string): Promise<string | undefined> {
    try {
      const { status } = await withDeadline(undefined, LIMIT_MS, (signal) =>
        send({ method: "GET", url: new URL("/readyz", url).href, signal }),
      );
      return status === 200 ? undefined : `${name} (answers ${status})`;
    } catch {
      return `${name} (cannot be reached)`;
    }
  }

  return async () => {
    const faults = await Promise.all(Object.entries(urls).map(([name, url]) => faultOf(name, url)));
    const missing = faults.filter((fault) => fault !== undefined);
    return missing.length === 0
      ? new Response("ready\n")
      : new Response(`not ready: ${missing.join(", ")}\n`, { status: 503 });
  };
}
