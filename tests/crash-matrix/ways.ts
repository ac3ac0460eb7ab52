import type { Sql } from "@soma/shared/postgres/connect";
import { until } from "@soma/shared/testing/until";
import type { WorkerProcess } from "../load/engine/worker-process.ts";
import type { StrikingProxy } from "./striking-proxy.ts";

/** A worker process, and the way between it and the server. */
export interface Struck {
  worker: WorkerProcess;
  proxy: StrikingProxy;
}

/** What strikes: the process, the server, or what is between them. */
export const WAYS = ["SIGKILL", "SIGTERM", "SIGSTOP", "PG_STOP", "TERMINATE", "CUT"] as const;
export type Way = (typeof WAYS)[number];

const STOPPED_MS = 5_000;
const LIMIT_MS = 30_000;

/** What there is after a strike. */
export interface Aftermath {
  /** Resolves when whoever stood still goes on. */
  back(): Promise<unknown>;
  /** The process ends, and another one has to take its place. */
  isGone: boolean;
}

const NOTHING: Aftermath = { back: async () => {}, isGone: false };

/** Strikes once; resolves as soon as it has struck. */
export async function strike(way: Way, { worker, proxy }: Struck, owner: Sql): Promise<Aftermath> {
  switch (way) {
    case "SIGKILL":
      worker.signal("SIGKILL");
      await until("it is dead", () => worker.pid() === undefined, LIMIT_MS);
      proxy.cut();
      return { ...NOTHING, isGone: true };
    case "SIGTERM":
      worker.signal("SIGTERM");
      return { ...NOTHING, isGone: true };
    case "SIGSTOP": {
      worker.signal("SIGSTOP");
      const woken = new Promise((resolve) => setTimeout(resolve, STOPPED_MS)).then(() => worker.wake());
      return { ...NOTHING, back: () => woken };
    }
    case "PG_STOP":
      await stopAtOnce(owner);
      return NOTHING;
    case "TERMINATE":
      await owner`select pg_terminate_backend(pid) from pg_stat_activity where client_port = any (${proxy.ports()})`;
      return NOTHING;
    case "CUT":
      proxy.cut();
      return NOTHING;
  }
}

/** As `pg_ctl stop -m immediate` does; whoever started the server starts it again. */
export async function stopAtOnce(owner: Sql): Promise<void> {
  const [row] = await owner<{ text: string }[]>`select pg_read_file('postmaster.pid') as text`;
  const pid = Number(row?.text.split("\n")[0]);
  process.kill(pid, "SIGQUIT");
  await until("the server has stopped", () => !isAlive(pid), LIMIT_MS);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
