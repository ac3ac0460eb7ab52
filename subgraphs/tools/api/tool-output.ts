import type { StreamFramePayload } from "@soma/schemas/run-history";
import { SomaError } from "@soma/shared/errors";
import type { Principal } from "@soma/shared/identity/principal";
import { isId } from "@soma/shared/ids";
import type { LostHints } from "@soma/shared/lost-hints";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { type StreamFrame, toGraphqlFrame } from "@soma/shared/stream-frames/graphql-frames";
import type { WakeUp } from "@soma/shared/wake-up";
import { streamIdOf } from "../domain/invocation.ts";
import { findInvocations } from "../store/find-invocations.ts";
import { readFrames } from "../store/read-frames.ts";
import type { FrameRow, InvocationRow } from "../store/tables.ts";

/**
 * How long a follower waits for an invocation that does not exist yet: ids are derived, so callers subscribe before they
 * invoke.
 */
const APPEAR_MS = 10_000;
/** Longer than any tool may run without a frame; after that nothing comes unless somebody calls again. */
const SILENCE_MS = 300_000;
const FRAMES_PER_READ = 64;

export interface FollowOutputDeps {
  /** Pool of the request role. */
  sql: Sql;
  wakeUp: WakeUp;
  /** Finds the hints that were lost. */
  lostHints: LostHints;
  limits?: { appearMs?: number; silenceMs?: number };
}

/**
 * Frames of an invocation after number `after`, then the live tail; ends when all frames of a finished invocation were
 * given, or when the reader left. Numbers count every frame of every attempt from 0, so a follower that has seen k frames goes on with `after: k - 1`.
 * Hints say when to read, and a quiet invocation is not read for those who follow it.
 */
export async function* followToolOutput(
  { sql, wakeUp, lostHints, limits = {} }: FollowOutputDeps,
  { tenant }: Principal,
  { invocationId, after, signal }: { invocationId: string; after: number; signal?: AbortSignal },
): AsyncGenerator<StreamFrame> {
  if (after < -1) throw new SomaError("CURSOR_INVALID", `after is ${after}; it must be -1 or the number of a frame`);
  if (!isId(invocationId)) throw notFound(invocationId);
  const { appearMs = APPEAR_MS, silenceMs = SILENCE_MS } = limits;
  let seen = after;
  let hinted = false;
  let quietSince = performance.now();
  const offs = [wakeUp.on(invocationId, () => (hinted = true)), lostHints.watch(tenant, invocationId)];
  try {
    while (signal?.aborted !== true) {
      hinted = false;
      const { row, frames } = await read(sql, tenant, invocationId, seen);
      for (const frame of frames) {
        seen = frame.n;
        yield toGraphqlFrame(toPayload(frame, row?.tool ?? ""));
      }
      if (frames.length > 0) quietSince = performance.now();
      if (frames.length === FRAMES_PER_READ) continue;
      if (row !== undefined && row.status !== "RUNNING") return;
      const limitMs = row === undefined ? appearMs : silenceMs;
      const quietMs = performance.now() - quietSince;
      if (quietMs >= limitMs) throw row === undefined ? notFound(invocationId) : tooQuiet(invocationId, quietMs);
      if (!hinted) await wakeUp.next(invocationId, limitMs - quietMs, signal);
    }
  } finally {
    for (const off of offs) off();
  }
}

/** The status first: once it is final, every frame is there for the second statement. */
function read(
  sql: Sql,
  tenant: string,
  invocationId: string,
  after: number,
): Promise<{ row: InvocationRow | undefined; frames: FrameRow[] }> {
  return transaction(sql, { tenant }, async (tx) => {
    const [row] = await findInvocations(tx, { tenant, invocationIds: [invocationId] });
    return {
      row,
      frames: row === undefined ? [] : await readFrames(tx, { tenant, invocationId, after, limit: FRAMES_PER_READ }),
    };
  });
}

/** A stored frame in the wire format. */
function toPayload(frame: FrameRow, tool: string): StreamFramePayload {
  const at = { stream: streamIdOf(frame.invocationId, frame.attempt), seq: frame.seq };
  if (frame.kind === "start")
    return { delim: "start", ...at, tool, call_id: frame.invocationId, content_type: "text/plain; charset=utf-8" };
  if (frame.kind === "data") return { ...at, data: frame.data ?? "" };
  const { status, bytes, sha256 } = frame;
  return { delim: "end", ...at, status: status ?? "INTERRUPTED", bytes: bytes ?? 0, sha256: sha256 ?? "" };
}

function tooQuiet(invocationId: string, quietMs: number): SomaError {
  const seconds = Math.round(quietMs / 1_000);
  return new SomaError("TIMEOUT", `invocation ${invocationId} has neither written nor ended for ${seconds} s`);
}

function notFound(invocationId: string): SomaError {
  return new SomaError("NOT_FOUND", `invocation "${invocationId.slice(0, 60)}" does not exist`);
}
