import type { Log } from "../log.ts";
import { createWakeUp, type LocalWakeUp } from "../wake-up.ts";
import type { Sql } from "./connect.ts";

export interface NotifiedWakeUp extends LocalWakeUp {
  close(): Promise<void>;
}

const GATHER_MS = 10;
/** Until a hint that could not be sent is sent again. */
const RETRY_MS = 1_000;
/** NOTIFY payloads end at 8000 bytes; an id takes 37. */
const NAMES_PER_MESSAGE = 200;

/**
 * Hints between the processes of one schema: in the same process they arrive at once, others get them over NOTIFY, the first
 * one at once and those of the 10 ms after it together, on a connection of their own, never inside a commit (it takes a global
 * lock there).
 */
export async function createNotifiedWakeUp(options: { sql: Sql; schema: string; log: Log }): Promise<NotifiedWakeUp> {
  const { sql, schema, log } = options;
  const channel = `soma_${schema}`;
  const origin = Math.random().toString(36).slice(2, 10);
  const local = createWakeUp();
  let gathered = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;
  let closed = false;
  let sentAt = Number.NEGATIVE_INFINITY;

  /** One send at a time, however slow the database is: what is said meanwhile gathers. */
  function sendIn(ms: number): void {
    if (!closed && sending === undefined) timer ??= setTimeout(send, ms);
  }

  function send(): void {
    timer = undefined;
    sentAt = performance.now();
    sending = sendGathered().then((isSent) => {
      sending = undefined;
      if (gathered.size > 0) sendIn(isSent ? GATHER_MS : RETRY_MS);
    });
  }

  async function sendGathered(): Promise<boolean> {
    const names = [...gathered];
    gathered = new Set();
    try {
      for (let i = 0; i < names.length; i += NAMES_PER_MESSAGE)
        await sql.notify(channel, `${origin}:${names.slice(i, i + NAMES_PER_MESSAGE).join(",")}`);
      return true;
    } catch (error) {
      log.debug({ err: error }, "wake-up hints could not be sent and are sent again");
      for (const name of names) gathered.add(name);
      return false;
    }
  }

  const hear = (message: string): void => {
    const [from, names = ""] = message.split(":", 2);
    if (from !== origin) for (const name of names.split(",")) local.changed(name);
  };
  // Each time the connection that listens is new, hints may have been lost before it.
  const listening = await sql.listen(channel, hear, local.allChanged);

  return {
    ...local,
    changed(name) {
      local.changed(name);
      gathered.add(name);
      sendIn(Math.max(0, sentAt + GATHER_MS - performance.now()));
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await sending;
      // What ended last is what others wait for.
      await sendGathered();
      await listening.unlisten().catch(() => {});
    },
  };
}
