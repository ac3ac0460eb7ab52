import { SomaError } from "@soma/shared/errors";
import type { Tx } from "@soma/shared/postgres/connect";
import type { RunRecords } from "../../engine/execute/run-records.ts";
import type { Commits } from "../../engine/journal/commits.ts";
import type { BatchRow, Incarnation } from "../../store/commit-batch.ts";
import { type Strike, togetherLost } from "./gate.ts";
import type { MemoryStore } from "./memory-store.ts";

/** Asks something of the store, when its turn has come. */
export type AskStore = <T>(act: () => T, translate?: (strike: Strike) => Error) => Promise<T>;

/** The store in memory as an engine asks it. */
export function memoryPorts(store: MemoryStore, owner: Incarnation, ask: AskStore): Commits & RunRecords {
  return {
    commit: (rows) => ask(() => store.commit(owner, rows)),
    find: (rows) => ask(() => store.find(rows)),
    async together(_tenant, work) {
      const written: string[] = [];
      const row = await work(statementsInto(written));
      return ask(() => commitTogether(store, owner, { row, written }), togetherLost);
    },
    readEvents: ({ runId }) => ask(() => store.history(runId)),
    findEvent: ({ runId, seq }) => ask(() => store.history(runId).find((event) => event.seq === seq)),
    findSignal: (params) => ask(() => store.findSignal(params)),
    expireQuestion: (params) => ask(() => store.decide({ ...params, payload: { approved: null }, sentBy: "engine" })),
    readInput: async (run) => run,
    readCancelReason: ({ runId }) => ask(() => store.get(runId).cancelReason),
  };
}

function commitTogether(
  store: MemoryStore,
  owner: Incarnation,
  { row, written }: { row: BatchRow; written: readonly string[] },
): number {
  const { runId, step } = row.event;
  const control = store.commit(owner, [row]).get(runId);
  if (control === undefined) throw new SomaError("FENCED", `run ${runId} belongs to another worker now`);
  for (const text of written) store.tables.push({ runId, step, text });
  return control;
}

/** A transaction that remembers what is written in it. */
function statementsInto(written: string[]): Tx {
  const execute = (_pieces: readonly string[], _statement: string, values: readonly string[]): Promise<object[]> => {
    written.push(values.join());
    return Promise.resolve([]);
  };
  return execute as unknown as Tx;
}
