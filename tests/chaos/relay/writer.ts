import type { EventTypes } from "@soma/schemas/events";
import { newId } from "@soma/shared/ids";
import { emit } from "@soma/shared/outbox/emit";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import type { Committed } from "./check-delivery.ts";

export const TYPE = "agent.audit.v1";
const KEYS = 200;
const WRITERS = 4;
const PER_COMMIT = 5;
/** Before it is tried again to write to a database that was away. */
const PAUSE_MS = 100;

/** Writes events as a subgraph does, and remembers what became of each. */
export interface Writer {
  committed: Committed[];
  /** So many events, each some of a key at a time; several keys at once. */
  write(events: number): Promise<void>;
  /** One event of a key, in a transaction that stays open until `release`; `data` replaces what it says. */
  writeOne(key: string, options?: OneOptions): Promise<string>;
}

interface OneOptions {
  release?: Promise<void>;
  sql?: Sql;
  isPoison?: boolean;
  emit?: (tx: Tx, event: Emitted) => Promise<void>;
}

export interface Emitted {
  tenant: string;
  key: string;
  data: EventTypes[typeof TYPE];
}

const anEventOf = (id: string): EventTypes[typeof TYPE] => ({
  event_id: id,
  category: "policy",
  actor: "user:ada",
  subject: "tool:http_get",
  decision: "allow",
  reason: "a rule lets her",
  timestamp: new Date().toISOString(),
  // With its headers, about as much as an event of a step.
  meta: { text: "x".repeat(400) },
});

const emitSound = (tx: Tx, event: Emitted): Promise<void> => emit(tx, { type: TYPE, ...event });

export function createWriter(request: Sql, tenant: string): Writer {
  const committed: Committed[] = [];

  /** The row of the key is locked first: the order of its events is that of their commits. */
  async function commit(key: string, ids: readonly string[], options: OneOptions): Promise<boolean> {
    const { sql = request, emit: emitOne = emitSound, release, isPoison = false } = options;
    let first = 0;
    let isAsked = false;
    const note = (outcome: Committed["outcome"]): void => {
      for (const [at, id] of ids.entries()) committed.push({ id, key, place: first + at, outcome, isPoison });
    };
    try {
      await transaction(sql, { tenant }, async (tx) => {
        first = await placeOf(tx, key, ids.length);
        for (const id of ids) await emitOne(tx, { tenant, key, data: anEventOf(id) });
        await release;
        isAsked = true;
      });
    } catch {
      note(isAsked ? "unknown" : "refused");
      return false;
    }
    note("committed");
    return true;
  }

  return {
    committed,
    async write(events) {
      let left = events;
      const writeSome = async (): Promise<void> => {
        while (left > 0) {
          left -= PER_COMMIT;
          const key = `key-${Math.floor(Math.random() * KEYS)}`;
          const ids = Array.from({ length: PER_COMMIT }, () => newId());
          if (await commit(key, ids, {})) continue;
          left += PER_COMMIT;
          await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        }
      };
      await Promise.all(Array.from({ length: WRITERS }, writeSome));
    },
    async writeOne(key, options = {}) {
      const id = newId();
      if (!(await commit(key, [id], options))) throw new Error(`an event of ${key} was not written`);
      return id;
    },
  };
}

/** The first of so many places of a key. */
async function placeOf(tx: Tx, key: string, count: number): Promise<number> {
  const [row] = await tx<{ last: number }[]>`
    insert into subject (key, last) values (${key}, ${count})
    on conflict (key) do update set last = subject.last + ${count} returning last`;
  if (row === undefined) throw new Error(`${key} has no place`);
  return row.last - count + 1;
}
