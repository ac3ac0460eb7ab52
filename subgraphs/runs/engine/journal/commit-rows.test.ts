import { createSilentLog } from "@soma/shared/log";
import { expect, it } from "vitest";
import type { BatchRow } from "../../store/commit-batch.ts";
import { aHistory } from "../../testing/events.ts";
import { commitRows, type PendingRow } from "./commit-rows.ts";

const CANCEL = 1;

it("commitRows() tells what is asked of a run also when the answer of its commit was lost", async () => {
  const heard: number[] = [];
  const rows = aHistory({ kind: "RUN_STARTED" }).map(
    (event): PendingRow => ({
      ...{ event, text: "{}", values: [], epoch: 1, status: null, wait: undefined },
      resolve: (control) => void heard.push(control),
      reject: (error) => expect.fail(String(error)),
    }),
  );
  const commits = {
    commit: () => Promise.reject(new Error("the connection was lost")),
    find: async (all: readonly BatchRow[]) => new Map(all.map((row) => [row, CANCEL])),
    together: () => Promise.reject(new Error("not used")),
  };
  await commitRows({ commits, log: createSilentLog() }, rows);
  expect(heard).toEqual([CANCEL]);
});
