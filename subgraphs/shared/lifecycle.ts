import type { Log } from "./log.ts";

export interface Lifecycle {
  /** Registers what must be closed; it is closed before everything registered earlier. */
  add(name: string, close: () => Promise<void> | void): void;
  /**
   * Closes in reverse order; each part has `deadlineMs`, and one that fails does not keep the next from closing. Rejects at
   * the end when one failed, so that a process whose stop went wrong does not end as if it had gone well.
   */
  close(): Promise<void>;
}

export function createLifecycle(log: Log, deadlineMs = 5_000): Lifecycle {
  const parts: { name: string; close: () => Promise<void> | void }[] = [];
  let closing: Promise<void> | undefined;

  async function closeAll(): Promise<void> {
    const failed: string[] = [];
    for (const part of parts.reverse()) {
      try {
        await withDeadline(Promise.resolve(part.close()), deadlineMs, part.name);
      } catch (error) {
        log.error({ err: error, part: part.name }, "a part did not close");
        failed.push(part.name);
      }
    }
    if (failed.length > 0) throw new Error(`not everything could be closed: ${failed.join(", ")}; the log says why`);
  }

  return {
    add(name, close) {
      parts.push({ name, close });
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}

async function withDeadline(work: Promise<void>, deadlineMs: number, name: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} did not close within ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
