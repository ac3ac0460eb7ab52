import { type ChildProcess, spawn } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Log } from "@soma/shared/log";

const HOST = fileURLToPath(new URL("./child/guard-host.ts", import.meta.url));

/** Kills children when this process is gone, however it went and whatever the children do. */
export interface Guard {
  /** Watches a process group until the function it gives is called. Call it before the child is given work. */
  watch(pid: number): () => void;
  close(): Promise<void>;
}

/** Starts a process for it at the first child, and again should it ever end. */
export function createGuard(log: Log): Guard {
  const watched = new Set<number>();
  let process_: ChildProcess | undefined;
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
    guard.once("close", () => {
      process_ = undefined;
      if (closed || watched.size === 0) return;
      log.warn("the guard of child processes ended and is started again");
      for (const pid of watched) tell(`+${pid}`);
    });
    return guard;
  }

  function tell(line: string): void {
    process_ ??= start();
    process_.stdin?.write(`${line}\n`);
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
      const guard = process_;
      if (guard?.pid === undefined) return;
      const ended = new Promise((resolve) => guard.once("close", resolve));
      guard.stdin?.end();
      await ended;
    },
  };
}
