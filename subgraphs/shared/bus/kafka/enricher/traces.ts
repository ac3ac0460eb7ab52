import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { isRequestId } from "../../../request-id.ts";

/** What an event says of itself that tells its trace; each empty where it says nothing. */
export interface Said {
  /** Whose it is: nothing is carried from one tenant to another. */
  tenant: string;
  /** Its own, or its place where it has none: the same each time that it is read. */
  id: string;
  traceParent: string;
  requestId: string;
  /** Of its contents. */
  traceId: string;
  runId: string;
  sessionId: string;
}

/** Where the trace of an event is from: its headers, its contents, its run, its session, or nowhere. */
export type TraceFrom = "own" | "contents" | "run" | "session" | "made";

export interface FoundTrace {
  from: TraceFrom;
  traceParent: string;
  requestId: string;
}

interface Known {
  traceParent: string;
  requestId: string;
}

export interface Traces {
  /** Keeps the trace of a run, and of its session, for events that have none. */
  learn(said: Said): void;
  find(said: Said): FoundTrace;
}

/** Runs whose trace is known, and as many sessions; some 300 bytes each. */
const MOST_KNOWN = 50_000;

const TRACE_PARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;
const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;

/**
 * Which trace an event belongs to. What is not known is made from the event, so that whoever reads it again makes the same: of its
 * run where it names one, so that a run whose trace was forgotten is one trace all the same.
 */
export function createTraces(most: number = MOST_KNOWN): Traces {
  const runs = new LRUCache<string, Known>({ max: most });
  const sessions = new LRUCache<string, Known>({ max: most });

  function findKnown({ tenant, runId, sessionId, traceId }: Said): (Known & { from: TraceFrom }) | undefined {
    const ofRun = runs.get(nameOf(tenant, runId));
    if (TRACE_ID.test(traceId)) {
      const isOfRun = ofRun !== undefined && traceIdOf(ofRun.traceParent) === traceId;
      return isOfRun ? { ...ofRun, from: "contents" } : undefined;
    }
    if (ofRun !== undefined) return { ...ofRun, from: "run" };
    const ofSession = sessions.get(nameOf(tenant, sessionId));
    return ofSession === undefined ? undefined : { ...ofSession, from: "session" };
  }

  return {
    learn(said) {
      const { tenant, runId, sessionId, requestId } = said;
      const traceParent = isTraceParent(said.traceParent) ? said.traceParent : ofContents(said);
      if (traceParent === "") return;
      // A run keeps the trace it was first heard of in; a session has that of the run it was heard of with last.
      const known = runs.get(nameOf(tenant, runId)) ?? { traceParent, requestId };
      if (runId !== "") runs.set(nameOf(tenant, runId), known);
      if (sessionId !== "") sessions.set(nameOf(tenant, sessionId), known);
    },
    find(said) {
      const { traceParent, requestId } = said;
      if (isTraceParent(traceParent)) return { from: "own", traceParent, requestId };
      const known = findKnown(said) ?? made(said);
      return { ...known, requestId: [requestId, known.requestId].find(isRequestId) ?? requestOf(said) };
    },
  };
}

const nameOf = (tenant: string, id: string): string => `${tenant}/${id}`;
const isTraceParent = (text: string): boolean => TRACE_PARENT.test(text);
const traceIdOf = (traceParent: string): string => TRACE_PARENT.exec(traceParent)?.[1] ?? "";

/** Not sampled: nobody has recorded a span of that id. */
const toTraceParent = (traceId: string, { tenant, id }: Said): string =>
  `00-${traceId}-${digest(tenant, "span", id).slice(0, 16)}-00`;

const ofContents = (said: Said): string => (TRACE_ID.test(said.traceId) ? toTraceParent(said.traceId, said) : "");

function made(said: Said): FoundTrace {
  const told = ofContents(said);
  if (told !== "") return { from: "contents", traceParent: told, requestId: "" };
  const { tenant, runId, id } = said;
  const traceId = runId === "" ? digest(tenant, "event", id) : digest(tenant, "run", runId);
  return { from: "made", traceParent: toTraceParent(traceId, said), requestId: "" };
}

function requestOf({ tenant, id }: Said): string {
  return isRequestId(id) ? id : digest(tenant, "request", id);
}

/** 32 hexadecimal digits, which are not all zero as a trace's must not be but by a chance of 2 to the -128. */
function digest(tenant: string, of: string, id: string): string {
  return createHash("sha256")
    .update(JSON.stringify([tenant, of, id]))
    .digest("hex")
    .slice(0, 32);
}
