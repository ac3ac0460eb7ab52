import { EventEmitter } from "node:events";
import type { Log } from "@soma/shared/log";
import type { Sql } from "@soma/shared/postgres/connect";

/**
 * Hints that something changed: a run has new events, or work waits. In the same process they arrive at once; other
 * processes get them over NOTIFY, gathered for 10 ms and sent on a connection of their own, never inside a commit (it takes
 * a global lock there). A lost hint costs one poll interval, never an event.
 */
export interface WakeUp {
  runChanged(runId: string): void;
  workWaits(): void;
  onRunChanged(runId: string, listener: () => void): () => void;
  onWorkWaits(listener: () => void): () => void;
  close(): Promise<void>;
}

const GATHER_MS = 10;
const WORK = "work";
/** NOTIFY payloads end at 8000 bytes; an id takes 37. */
const IDS_PER_MESSAGE = 200;

export async function createWakeUp(options: { sql: Sql; schema: string; log: Log }): Promise<WakeUp> {
  const { sql, schema, log } = options;
  const channel = `soma_${schema}`;
  const origin = Math.random().toString(36).slice(2, 10);
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  let gathered = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  async function send(): Promise<void> {
    timer = undefined;
    const names = [...gathered];
    gathered = new Set();
    try {
      for (let i = 0; i < names.length; i += IDS_PER_MESSAGE)
        await sql.notify(channel, `${origin}:${names.slice(i, i + IDS_PER_MESSAGE).join(",")}`);
    } catch (error) {
      log.debug({ err: error }, "a wake-up hint was lost");
    }
  }

  function hint(name: string): void {
    emitter.emit(name);
    gathered.add(name);
    timer ??= setTimeout(send, GATHER_MS);
  }

  const listening = await sql.listen(channel, (message) => {
    const [from, names = ""] = message.split(":", 2);
    if (from !== origin) for (const name of names.split(",")) emitter.emit(name);
  });

  const on = (name: string, listener: () => void): (() => void) => {
    emitter.on(name, listener);
    return () => void emitter.off(name, listener);
  };

  return {
    runChanged: hint,
    workWaits: () => hint(WORK),
    onRunChanged: on,
    onWorkWaits: (listener) => on(WORK, listener),
    async close() {
      clearTimeout(timer);
      await listening.unlisten().catch(() => {});
    },
  };
}
