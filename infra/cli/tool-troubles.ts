import type { RunSummaryFragment } from "@soma/graphql/operations";
import { badCallOf } from "@soma/schemas/bad-call";
import { isRecord } from "@soma/schemas/json";

interface Event {
  type: string;
  nodeId?: string | null | undefined;
  nodeType?: string | null | undefined;
  payload: unknown;
}

/** Tool calls of a run that failed or were not allowed, by name, and answers that were cut; the run may have succeeded all the same. */
export interface ToolTroubles {
  failed: string[];
  denied: string[];
  cut: number;
}

/** Adds what an event tells of them. */
export function noteTroubles(troubles: ToolTroubles, event: Event): void {
  const bad = badCallOf({ ...event, nodeType: event.nodeType ?? null });
  const { output } = isRecord(event.payload) ? event.payload : {};
  const name = isRecord(output) && typeof output.tool === "string" ? output.tool : (event.nodeId ?? "a step");
  if (bad === "FAILED") troubles.failed.push(name);
  if (bad === "DENIED") troubles.denied.push(name);
  if (bad === "CUT") troubles.cut += 1;
}

/** One line for people, with the names; undefined when all went well. */
export function describeTroubles({ failed, denied, cut }: ToolTroubles): string | undefined {
  return join(countCut(cut), count(failed.length, "failed", failed), count(denied.length, "denied", denied));
}

/** How a run went, in a few words: empty while it goes on, and where its status says all there is to say. */
export function describeOutcome(outcome: RunSummaryFragment["outcome"]): string {
  if (outcome === null || outcome === undefined) return "";
  if (outcome.kind === "OK") return "ok";
  const { cutAnswers, failedCalls, deniedCalls } = outcome;
  return join(countCut(cutAnswers), count(failedCalls, "failed"), count(deniedCalls, "denied")) ?? "";
}

function count(calls: number, what: string, names: readonly string[] = []): string | undefined {
  if (calls === 0) return undefined;
  const which = names.length === 0 ? "" : ` (${[...new Set(names)].join(", ")})`;
  return `${calls} ${calls === 1 ? "call" : "calls"} ${what}${which}`;
}

function countCut(answers: number): string | undefined {
  return answers === 0 ? undefined : `${answers} ${answers === 1 ? "answer" : "answers"} cut`;
}

function join(...parts: (string | undefined)[]): string | undefined {
  const said = parts.filter((part) => part !== undefined);
  return said.length === 0 ? undefined : said.join(", ");
}
