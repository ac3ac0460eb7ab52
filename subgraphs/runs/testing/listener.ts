import type { EventBus } from "@soma/shared/bus/event-bus";
import { createSilentLog } from "@soma/shared/log";
import { createRelay } from "@soma/shared/outbox/relay";
import type { Sql } from "@soma/shared/postgres/connect";
import { createJournalSource } from "../engine/journal/journal-source.ts";
import type { Delivered } from "./evidence.ts";

/** Who hears on the bus what runs tell, as often as the relay is let go on. */
export interface Listener {
  tick(): Promise<boolean>;
  /** What was heard of a run so far. */
  heardOf(runId: string): readonly Delivered[];
}

/** A relay of a journal, on a bus that loses its answer to some of what it took. */
export function createListener(worker: Sql, losesAnswer: () => boolean): Listener {
  const heard = new Map<string, Delivered[]>();
  const bus: EventBus = {
    publish: async (records) =>
      records.map(({ key, headers: { ce_id: eventId = "", ce_type: type = "", ce_time: at = "" } }) => {
        heard.set(key, [...(heard.get(key) ?? []), { eventId, type, at }]);
        return losesAnswer() ? { ok: false, kind: "retriable", reason: "the answer was lost" } : { ok: true };
      }),
    subscribe: () => Promise.reject(new Error("nothing consumes here")),
    close: async () => {},
  };
  const source = createJournalSource(worker, { currency: "USD" });
  const relay = createRelay({ source, schema: "runs", bus, log: createSilentLog() });
  return { tick: () => relay.tick(), heardOf: (runId) => heard.get(runId) ?? [] };
}
