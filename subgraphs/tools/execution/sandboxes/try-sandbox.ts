import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { clip } from "@soma/shared/json";
import type { Sandbox } from "./sandbox.ts";

const LIMIT_MS = 10_000;
const MAX_STDERR = 2_048;

/** Runs a program in it that does nothing; what was said when that does not work. */
export async function trySandbox(sandbox: Sandbox): Promise<string | undefined> {
  const program = { file: process.execPath, args: ["--version"], readable: [], network: "none" } as const;
  const { child, stop } = sandbox.start(program);
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = clip(stderr + text, MAX_STDERR);
  });
  child.stdout?.resume();
  child.stdin?.on("error", () => {}).end();
  const ended = once(child, "close").then(
    ([code]) => (code === 0 ? undefined : stderr.trim() || `it ended with code ${String(code)}`),
    (error: Error) => error.message,
  );
  const over = new AbortController();
  const late = delay(LIMIT_MS, `it gave no answer in ${LIMIT_MS} ms`, { signal: over.signal }).catch(() => undefined);
  try {
    return await Promise.race([ended, late]);
  } finally {
    over.abort();
    await stop("kill");
  }
}
