import { describe, expect, it } from "vitest";
import { createReadAhead } from "./read-ahead.ts";
import type { OutboxRow } from "./store/read-due-rows.ts";

const row = (bucket: number, id: string): OutboxRow => ({
  bucket,
  id,
  epoch: "1",
  eventId: id,
  tenant: "acme",
  type: "agent.audit.v1",
  record: { topic: "t", key: "k", headers: {}, value: "{}" },
  isBehind: false,
});

describe("createReadAhead()", () => {
  it("reads behind the last row of each bucket, and gives what it found once", async () => {
    const asked: [number, string][][] = [];
    const ahead = createReadAhead(async (after) => {
      asked.push([...after]);
      return [row(1, "9")];
    });
    expect(await ahead.take(true)).toBeUndefined();
    ahead.start([row(1, "3"), row(1, "8"), row(2, "5")]);
    expect(await ahead.take(true)).toMatchObject([{ id: "9" }]);
    expect(await ahead.take(true)).toBeUndefined();
    expect(asked).toEqual([
      [
        [1, "8"],
        [2, "5"],
      ],
    ]);
  });

  it.each([
    ["the rows before it were not all taken", false, 0, [row(1, "9")]],
    ["it was read so long ago that the lease may be another's", true, 4_000, [row(1, "9")]],
    ["nothing was there, and something may be by now", true, 0, []],
    ["it could not be read", true, 0, undefined],
  ])("forgets what it read when %s", async (_why, isNext, tookMs, found) => {
    let now = 0;
    const read = async (): Promise<OutboxRow[]> => found ?? Promise.reject(new Error("the connection was lost"));
    const ahead = createReadAhead(read, () => now);
    ahead.start([row(1, "3")]);
    now = tookMs;
    expect(await ahead.take(isNext)).toBeUndefined();
    expect(await ahead.take(true)).toBeUndefined();
  });

  it("leaves every ninth round to look at what was committed late", async () => {
    const ahead = createReadAhead(async () => [row(1, "9")]);
    const found: boolean[] = [];
    for (let round = 1; round <= 18; round += 1) {
      ahead.start([row(1, "3")]);
      found.push((await ahead.take(true)) !== undefined);
    }
    expect(found).toEqual([...Array(8).fill(true), false, ...Array(8).fill(true), false]);
  });
});
