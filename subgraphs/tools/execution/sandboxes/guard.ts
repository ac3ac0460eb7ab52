import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Log } from "@soma/shared/log";

const HOST = fileURLToPath(new URL("./child/guard-host.ts", import.meta.url));

/** So that a guard that cannot live does not keep this process busy. */
const RESTART_MS = 200;

/** Kills children when this process is gone, however it went and whatever the children do. */
export interface Guard {
  /** Watches a process group until the function it gives is called. Call it before the child is given work. */
  watch(pid: number): () => void;
  close(): Promise<void>;
}

/** Starts a process for it at the first child, and again should it ever end. */
export function createGuard(log: Log): Guard {
  const watched = new Set<number>();
  let host: ChildProcess | undefined;
  let closed = false;

  function start(): ChildProcess {
    const guard = spawn(process.execPath, ["--permission", `--allow-fs-read=${dirname(HOST)}/*`, HOST], {
      cwd: dirname(HOST),
      env: process.env.SystemRoot === undefined ? {} : { SystemRoot: process.env.SystemRoot },
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    guard.on("error", (error) => log.error({ err: error }, "the guard of child processes could not be started"));
    guard.stdin?.on("error", () => {});
    // Whoever forgets to close it can still end: the guard ends with its stdin.
    guard.unref();
    (guard.stdin as Socket | null)?.unref();
    guard.once("close", () => {
      host = undefined;
      if (closed || watched.size === 0) return;
      log.warn("the guard of child processes ended and is started again");
      setTimeout(tellAll, RESTART_MS).unref();
    });
    return guard;
  }

  function tellAll(): void {
    if (closed) return;
    for (const pid of watched) tell(`+${pid}`);
  }

  function tell(line: string): void {
    host ??= start();
    host.stdin?.write(`${line}\n`);
  }

  return {
    watch(pid) {
      watched.add(pid);
      tell(`+${pid}`);
      return () => {
        watched.delete(pid);
        if (!closed) tell(`-${pid}`);
      };
    },
    async close() {
      closed = true;
      const guard = host;
      if (guard?.pid === undefined) return;
      const ended = new Promise((resolve) => guard.once("close", resolve));
      guard.ref();
      guard.stdin?.end();
      await ended;
    },
  };
}
