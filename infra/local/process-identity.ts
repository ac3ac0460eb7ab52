import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { platform } from "node:os";
import { promisify } from "node:util";
import { processStat, readAboutProcess } from "@soma/schemas/process-life";

/** The processes of this machine; none where the system does not list them. Throws when we could not look. */
export async function listPids(): Promise<number[]> {
  if (platform() !== "linux") return [];
  return (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** The program a process runs, as it was called; empty when it is gone, undefined where that cannot be told. */
export async function programOf(pid: number): Promise<string | undefined> {
  if (platform() === "linux") return (await readAboutProcess(pid, "cmdline")).split("\0")[0] ?? "";
  if (platform() === "win32") return undefined;
  return promisify(execFile)("ps", ["-o", "comm=", "-p", String(pid)]).then(
    ({ stdout }) => stdout.trim(),
    () => "",
  );
}

/** Seconds since 1970 at which a process began, by the clock as it is set now; undefined where that cannot be told. */
export async function beganAt(pid: number): Promise<number | undefined> {
  const [fields, system] = await Promise.all([processStat(pid), readFile("/proc/stat", "utf8").catch(() => "")]);
  const bootedAt = Number(/^btime (\d+)$/m.exec(system)?.[1]);
  return fields === undefined || Number.isNaN(bootedAt) ? undefined : bootedAt + fields.startTicks / TICKS_PER_S;
}

/** As Linux counts for programs on every processor. */
const TICKS_PER_S = 100;
