import { createSilentLog } from "@soma/shared/log";
import { expect, it } from "vitest";
import type { BatchRow } from "../../store/commit-batch.ts";
import { aHistory } from "../../testing/events.ts";
import { commitRows, type PendingRow } from "./commit-rows.ts";

const CANCEL = 1;

/** A row whose writer is told. */
const pending = (heard: number[]): PendingRow[] =>
  aHistory({ kind: "RUN_STARTED" }).map((event) => ({
    ...{ event, text: "{}", values: [], epoch: 1, status: null, wait: undefined },
    resolve: (control) => void heard.push(control),
    reject: (error) => expect.fail(String(error)),
  }));

it("commitRows() commits nothing again before it is known what is durable, so that nobody's rows are taken for faulty", async () => {
  const heard: number[] = [];
  const did: string[] = [];
  const commits = {
    async commit() {
      did.push("commit");
      if (did.length > 1) throw Object.assign(new Error("duplicate key"), { code: "23505" });
      throw new Error("the connection was lost");
    },
    async find(all: readonly BatchRow[]) {
      did.push("find");
      if (did.length < 3) throw new Error("too many connections");
      return new Map(all.map((row) => [row, 0]));
    },
    together: () => Promise.reject(new Error("not used")),
  };
  await commitRows({ commits, log: createSilentLog() }, pending(heard));
  expect([did, heard]).toEqual([["commit", "find", "find"], [0]]);
});

it("commitRows() tells what is asked of a run also when the answer of its commit was lost", async () => {
  const heard: number[] = [];
  const commits = {
    commit: () => Promise.reject(new Error("the connection was lost")),
    find: async (all: readonly BatchRow[]) => new Map(all.map((row) => [row, CANCEL])),
    together: () => Promise.reject(new Error("not used")),
  };
  await commitRows({ commits, log: createSilentLog() }, pending(heard));
  expect(heard).toEqual([CANCEL]);
});
