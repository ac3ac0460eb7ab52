import { withDeadline } from "../ground/deadline.ts";
import type { Send } from "./send.ts";

const LIMIT_MS = 2_000;

/** The subgraphs that are not ready, each with the reason; none when all are. */
export async function findUnready(urls: Readonly<Record<string, string>>, send: Send): Promise<string[]> {
  const faults = await Promise.all(Object.entries(urls).map(([name, url]) => faultOf(name, url, send)));
  return faults.filter((fault) => fault !== undefined);
}

async function faultOf(name: string, url: string, send: Send): Promise<string | undefined> {
  try {
    const { status } = await withDeadline(undefined, LIMIT_MS, (signal) =>
      send({ method: "GET", url: new URL("/readyz", url).href, signal }),
    );
    return status === 200 ? undefined : `${name} (answers ${status})`;
  } catch {
    return `${name} (cannot be reached)`;
  }
}
