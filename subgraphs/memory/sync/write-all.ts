import type { BrainItem, SomaBrain, Written } from "../somabrain/somabrain.ts";
import type { MemoryRow } from "../store/tables.ts";

/** Bytes of memories that one write has at most, unless a single one is larger. */
const MAX_BYTES = 1024 * 1024;

export interface Outcome {
  memory: MemoryRow;
  written: Written;
}

/** Writes memories in batches of one tenant and namespace each, so many batches at once; what became of each memory. */
export async function writeAll(
  brain: Pick<SomaBrain, "write">,
  memories: readonly MemoryRow[],
  { concurrency, batch }: { concurrency: number; batch: number },
): Promise<Outcome[]> {
  const batches = toBatches(memories, batch);
  const outcomes: Outcome[] = [];
  const work = async (): Promise<void> => {
    for (let next = batches.shift(); next !== undefined; next = batches.shift())
      outcomes.push(...(await writeBatch(brain, next)));
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return outcomes;
}

async function writeBatch(brain: Pick<SomaBrain, "write">, memories: readonly MemoryRow[]): Promise<Outcome[]> {
  try {
    const written = await brain.write(memories.map(toItem));
    return memories.map((memory, at) => ({ memory, written: written[at] ?? unanswered("it did not answer for all") }));
  } catch (error) {
    const written = unanswered(error instanceof Error ? error.message : String(error));
    return memories.map((memory) => ({ memory, written }));
  }
}

function unanswered(reason: string): Written {
  return { acknowledged: false, reason, breakerOpen: false, refused: false, retryAfterMs: undefined };
}

function toBatches(memories: readonly MemoryRow[], most: number): MemoryRow[][] {
  const batches: MemoryRow[][] = [];
  for (const each of Map.groupBy(memories, ({ tenant, namespace }) => JSON.stringify([tenant, namespace])).values()) {
    let bytes = Number.POSITIVE_INFINITY;
    for (const memory of each) {
      const size = Buffer.byteLength(memory.content);
      const last = batches.at(-1);
      if (last === undefined || last.length >= most || bytes + size > MAX_BYTES) {
        batches.push([memory]);
        bytes = size;
      } else {
        last.push(memory);
        bytes += size;
      }
    }
  }
  return batches;
}

function toItem(memory: MemoryRow): BrainItem {
  const { tenant, namespace, somabrainKey: key, content, sessionId, role, kind, at, memoryId, runId, stepId } = memory;
  const about = { session_id: sessionId, role, kind: kind.toLowerCase(), at: at.toISOString(), memory_id: memoryId };
  const by = { ...(runId === null ? {} : { run_id: runId }), ...(stepId === null ? {} : { step_id: stepId }) };
  return { tenant, namespace, key, content, about: { ...about, ...by } };
}
