import { createSilentLog } from "@soma/shared/log";
import { expect, it } from "vitest";
import type { BatchRow } from "../../store/commit-batch.ts";
import { aHistory } from "../../testing/events.ts";
import { createCommitBatcher } from "./commit-batcher.ts";
import type { Commits } from "./commits.ts";

const OURS = 3;

it("a batch holds rows of one ownership of a run, and what an earlier one left is refused", async () => {
  const sent: number[][] = [];
  const commits: Commits = {
    async commit(rows) {
      sent.push(rows.map(({ epoch }) => epoch));
      return new Map(rows.filter(({ epoch }) => epoch === OURS).map(({ event }) => [event.runId, 0]));
    },
    find: async () => new Map(),
    together: () => Promise.reject(new Error("not used")),
  };
  const { append } = createCommitBatcher({ commits, log: createSilentLog() });
  const [event] = aHistory({ kind: "RUN_STARTED" });
  if (event === undefined) throw new Error("a history has an event");
  const row = (epoch: number): BatchRow => ({ event, text: "{}", values: [], epoch, status: null, wait: undefined });
  const answers = await Promise.allSettled([1, OURS, OURS].map((epoch) => append(row(epoch))));
  expect(sent).toEqual([[1], [OURS, OURS]]);
  expect(answers.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
});
