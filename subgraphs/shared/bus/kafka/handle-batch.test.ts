import { setTimeout as wait } from "node:timers/promises";
import type { EachBatchPayload, OffsetsByTopicPartition } from "kafkajs";
import { describe, expect, it } from "vitest";
import { createSilentLog } from "../../log.ts";
import type { EventRecord } from "../event-record.ts";
import { type ConsumerLife, createBatchHandler } from "./handle-batch.ts";

const OFFSETS = ["7", "8", "9"];

/** A batch of the client with what came of it, as it hands one over. */
function aBatch(more: Partial<EachBatchPayload> = {}) {
  const told = { resolved: [] as string[], committed: [] as string[], paused: 0 };
  const messages = OFFSETS.map((offset) => ({ offset, key: null, value: Buffer.from(offset), headers: {} }));
  const payload = {
    batch: { topic: "t", partition: 3, messages },
    isRunning: () => true,
    isStale: () => false,
    heartbeat: async () => {},
    pause: () => {
      told.paused += 1;
      return () => {};
    },
    resolveOffset: (offset: string) => void told.resolved.push(offset),
    async commitOffsetsIfNecessary(offsets?: OffsetsByTopicPartition) {
      const partitions = offsets?.topics.flatMap((topic) => topic.partitions) ?? [];
      told.committed.push(...partitions.map(({ partition, offset }) => `${partition}: ${offset}`));
    },
    ...more,
  } as unknown as EachBatchPayload;
  return { told, payload };
}

function aHandler(handle: (record: EventRecord, life: ConsumerLife) => Promise<void>) {
  const life: ConsumerLife = { closing: false, stopped: false, heardAt: 0 };
  const params = { group: "g", park: async () => {}, log: createSilentLog() };
  return createBatchHandler({ ...params, handle: (record) => handle(record, life) }, life);
}

describe("createBatchHandler()", () => {
  it("commits all of a batch at its end, and the last offset alone is resolved", async () => {
    const { told, payload } = aBatch();
    await aHandler(async () => {}).handle(payload);
    expect(told).toEqual({ resolved: ["9"], committed: ["3: 10"], paused: 0 });
  });

  it("commits what was handled of a batch that is stopped in the middle, and nothing of one that is stale", async () => {
    const stopped = aBatch();
    await aHandler(async ({ value }, life) => {
      life.closing = value === "8";
    }).handle(stopped.payload);
    expect(stopped.told).toEqual({ resolved: ["8"], committed: ["3: 9"], paused: 0 });
    const stale = aBatch({ isStale: () => true });
    await aHandler(async () => {}).handle(stale.payload);
    expect(stale.told).toEqual({ resolved: [], committed: [], paused: 0 });
  });

  it("commits what was handled before a heartbeat told that partitions are dealt anew, and says so", async () => {
    const heartbeat = async (): Promise<void> => {
      throw new Error("rebalancing");
    };
    const { told, payload } = aBatch({ heartbeat });
    await expect(aHandler(() => wait(60)).handle(payload)).rejects.toThrow("rebalancing");
    expect(told).toEqual({ resolved: ["7"], committed: ["3: 8"], paused: 0 });
  });

  it("commits what stands before a record that fails, and has its partition wait", async () => {
    const { told, payload } = aBatch();
    const batches = aHandler(async ({ value }) => {
      if (value === "8") throw new Error("not now");
    });
    await batches.handle(payload);
    batches.close();
    expect(told).toEqual({ resolved: ["7"], committed: ["3: 8"], paused: 1 });
  });
});
