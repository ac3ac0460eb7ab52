import { readFile, stat } from "node:fs/promises";
import { ConfigError, parseQuietly, reasonOf } from "./config.ts";
import type { Log } from "./log.ts";
import { startLoop } from "./loop.ts";
import { counter, gauge } from "./metrics.ts";

const reloads = counter("soma_reloads_total", "Changes of followed files that were taken or refused", [
  "what",
  "result",
]);
const refusing = gauge("soma_reload_refused", "1 while a followed file holds what cannot be taken, else 0", ["what"]);

/** How often is looked for a change. */
const LOOK_MS = 1_000;
const MAX_BYTES = 1_048_576;

/** What a file holds, as it was when it last held something good. */
interface Followed<T> {
  current(): T;
  /** Calls after each change that was taken, until the function it gives is called. */
  onChange(listener: () => void): () => void;
  close(): Promise<void>;
}

interface FollowFileParams<T> {
  /** The one that names it, for logs and metrics. */
  setting: string;
  file: string;
  /** Of the JSON it holds; throws when that cannot be taken. */
  parse(value: unknown): T | Promise<T>;
  log: Log;
}

/**
 * Follows a file of JSON until it is closed; throws when it holds nothing good at the start. The text is compared and not a
 * time or an inode: secrets that are mounted change by a link, and file systems of a network tell of no change.
 */
export async function followFile<T>({ file, ...params }: FollowFileParams<T>): Promise<Followed<T>> {
  const follower = createFollower({ ...params, read: () => readBounded(file) });
  const { setting, log } = params;
  await follower.start().catch((error: unknown) => {
    throw new ConfigError([`${setting}: "${file}" cannot be taken: ${reasonOf(error)}`]);
  });
  const loop = startLoop({ name: setting, intervalMs: LOOK_MS, log }, async () => {
    await follower.look();
    return false;
  });
  return { current: follower.current, onChange: follower.onChange, close: loop.close };
}

interface FollowerParams<T> extends Omit<FollowFileParams<T>, "file"> {
  read(): Promise<string>;
}

/** The same without a clock: one call of look() is one look, which never throws. */
export function createFollower<T>({ setting: what, read, parse, log }: FollowerParams<T>) {
  let taken: { text: string; value: T } | undefined;
  let told: string | undefined;
  const listeners = new Set<() => void>();

  async function take(): Promise<boolean> {
    const text = await read();
    if (text === taken?.text) return false;
    taken = { text, value: await toValue(text) };
    return true;
  }

  async function toValue(text: string): Promise<T> {
    try {
      return await parse(parseQuietly(text));
    } catch (error) {
      throw new Error(`its text ${reasonOf(error)}`);
    }
  }

  return {
    current(): T {
      if (taken === undefined) throw new Error(`${what} was not read yet`);
      return taken.value;
    },
    onChange(listener: () => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async start(): Promise<void> {
      await take();
      refusing.set({ what }, 0);
    },
    async look(): Promise<void> {
      try {
        const isNew = await take();
        told = undefined;
        refusing.set({ what }, 0);
        if (!isNew) return;
        reloads.inc({ what, result: "taken" });
        log.info({ what }, "a file that changed is read again");
        for (const listener of [...listeners]) listener();
      } catch (error) {
        refusing.set({ what }, 1);
        const why = reasonOf(error);
        if (why === told) return;
        told = why;
        reloads.inc({ what, result: "refused" });
        log.error({ what, reason: why }, "a file that changed cannot be taken; what it held before goes on");
      }
    },
  };
}

async function readBounded(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > MAX_BYTES) throw new Error(`${file} is larger than ${MAX_BYTES} bytes`);
  return readFile(file, "utf8");
}
