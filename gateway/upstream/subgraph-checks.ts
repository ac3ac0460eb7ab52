import { isRecord } from "@soma/schemas/json";
import { SomaError } from "@soma/shared/errors";
import type { Check } from "@soma/shared/http/readiness";
import { withDeadline } from "../ground/deadline.ts";
import type { Send } from "./send.ts";

/** Far longer than a subgraph takes to find out what it lacks; whoever asks the gateway waits for less. */
const LIMIT_MS = 5_000;
/** Characters of a reason that are passed on. */
const MAX_REASON = 200;

/** For each subgraph a check that asks its `/readyz` and passes on what it says. */
export function createSubgraphChecks(urls: Readonly<Record<string, string>>, send: Send): Record<string, Check> {
  return Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, () => checkSubgraph(url, send)]));
}

async function checkSubgraph(url: string, send: Send): Promise<void> {
  const readyz = new URL("/readyz", url).href;
  const { status, body } = await withDeadline(undefined, LIMIT_MS, (signal) =>
    send({ method: "GET", url: readyz, signal }),
  ).catch((cause: unknown) => {
    throw new SomaError("UNAVAILABLE", "cannot be reached", { cause });
  });
  if (status !== 200) throw new SomaError("UNAVAILABLE", reasonIn(body) ?? `answers ${status}`);
}

/** The reasons of a subgraph in one line; undefined when the answer is not one of ours. */
function reasonIn(body: string): string | undefined {
  const answer = parse(body);
  if (!isRecord(answer) || !isRecord(answer.reasons)) return undefined;
  const reasons = Object.entries(answer.reasons).map(([name, reason]) => `${name}: ${String(reason)}`);
  return reasons.length === 0 ? undefined : reasons.join("; ").slice(0, MAX_REASON);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
