import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { platform } from "node:os";
import { promisify } from "node:util";
import { isAlive } from "@soma/schemas/is-alive";

/** The processes of this machine; none where the system does not list them. Throws when we could not look. */
export async function listPids(): Promise<number[]> {
  if (platform() !== "linux") return [];
  return (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** The program a process runs, as it was called; empty when it is gone, undefined where that cannot be told. */
export async function programOf(pid: number): Promise<string | undefined> {
  if (platform() === "linux") return (await readAbout(pid, "cmdline")).split("\0")[0] ?? "";
  if (platform() === "win32") return undefined;
  return promisify(execFile)("ps", ["-o", "comm=", "-p", String(pid)]).then(
    ({ stdout }) => stdout.trim(),
    () => "",
  );
}

/**
 * What tells a process from a later one that is given its number; undefined when it is gone. One that has ended and whose
 * parent has not asked how, as under a first process of a container that is no init, is gone, although it has its number.
 */
export async function lifeOf(pid: number): Promise<string | undefined> {
  if (!isAlive(pid)) return undefined;
  if (platform() !== "linux") return String(pid);
  const fields = await statOf(pid);
  return fields === undefined || fields.state === "Z" ? undefined : `${pid} since ${fields.startTicks}`;
}

/** Seconds since 1970 at which a process began, by the clock as it is set now; undefined where that cannot be told. */
export async function beganAt(pid: number): Promise<number | undefined> {
  const [fields, system] = await Promise.all([statOf(pid), readFile("/proc/stat", "utf8").catch(() => "")]);
  const bootedAt = Number(/^btime (\d+)$/m.exec(system)?.[1]);
  return fields === undefined || Number.isNaN(bootedAt) ? undefined : bootedAt + fields.startTicks / TICKS_PER_S;
}

/** As Linux counts for programs on every processor. */
const TICKS_PER_S = 100;

async function statOf(pid: number): Promise<{ state: string; startTicks: number } | undefined> {
  const text = await readAbout(pid, "stat");
  // The name of the program stands in brackets and may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  return text === "" || state === undefined ? undefined : { state, startTicks: Number(fields[19]) };
}

/** Of a process that is gone, or that we may not look at. */
const NOTHING_TO_SEE = ["ENOENT", "ESRCH", "EACCES", "EPERM"];

/** Empty when there is nothing to see. Throws when we could not look, as with too many open files: that tells of no process. */
function readAbout(pid: number, what: "cmdline" | "stat"): Promise<string> {
  return readFile(`/proc/${pid}/${what}`, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (NOTHING_TO_SEE.includes(error.code ?? "")) return "";
    throw error;
  });
}
