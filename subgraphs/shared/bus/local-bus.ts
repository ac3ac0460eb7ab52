import { SomaError } from "../errors.ts";
import type { EventBus, PublishResult, RecordHandler } from "./event-bus.ts";
import { type EventRecord, tenantOfTopic } from "./event-record.ts";

/**
 * The bus of a single process. A record counts as published when every group has handled it, so the outbox keeps what a
 * consumer could not take, and nothing is lost when the process dies. A later record of a key waits for an earlier one that
 * failed, unless that one can never be read.
 */
export function createLocalBus(): EventBus {
  const groups = new Map<string, { type: string; handle: RecordHandler }>();
  const running = new Set<Promise<unknown>>();
  let closed = false;

  async function deliver(record: EventRecord): Promise<PublishResult> {
    let result: PublishResult = { ok: true };
    for (const { type, handle } of groups.values()) {
      if (tenantOfTopic(record.topic, type) === undefined) continue;
      try {
        await handle(record);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (!(error instanceof SomaError && error.code === "EVENT_INVALID"))
          return { ok: false, kind: "retriable", reason };
        result = { ok: false, kind: "poison", reason };
      }
    }
    return result;
  }

  async function publish(records: readonly EventRecord[]): Promise<PublishResult[]> {
    const results: PublishResult[] = [];
    const blocked = new Set<string>();
    for (const record of records) {
      const lane = `${record.topic}\n${record.key}`;
      const result: PublishResult = closed
        ? { ok: false, kind: "retriable", reason: "the bus is closed" }
        : blocked.has(lane)
          ? { ok: false, kind: "retriable", reason: "an earlier record of the key was not delivered" }
          : await deliver(record);
      if (!result.ok && result.kind === "retriable") blocked.add(lane);
      results.push(result);
    }
    return results;
  }

  return {
    publish(records) {
      const mine: Promise<PublishResult[]> = publish(records).finally(() => running.delete(mine));
      running.add(mine);
      return mine;
    },
    async subscribe(params, handle) {
      const name = `${params.group}\n${params.type}`;
      if (groups.has(name)) throw new Error(`group ${params.group} already consumes ${params.type}`);
      groups.set(name, { type: params.type, handle });
      return {
        async close() {
          groups.delete(name);
        },
      };
    },
    async close() {
      closed = true;
      await Promise.all(running);
      groups.clear();
    },
  };
}
