import { readFile } from "node:fs/promises";
import { isAlive } from "./is-alive.ts";

/**
 * What tells a process from a later one that is given its number; undefined when it is gone. One that has ended and whose
 * parent has not asked how, as under a first process of a container that is no init, is gone, although it has its number.
 */
export async function lifeOf(pid: number): Promise<string | undefined> {
  if (!isAlive(pid)) return undefined;
  if (process.platform !== "linux") return String(pid);
  const fields = await processStat(pid);
  return fields === undefined || fields.state === "Z" ? undefined : `${pid} since ${fields.startTicks}`;
}

/** What Linux says of a process; undefined when it is gone. */
export async function processStat(pid: number): Promise<{ state: string; startTicks: number } | undefined> {
  const text = await readAboutProcess(pid, "stat");
  // The name of the program stands in brackets and may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  return text === "" || state === undefined ? undefined : { state, startTicks: Number(fields[19]) };
}

/** Of a process that is gone, or that we may not look at. */
const NOTHING_TO_SEE = ["ENOENT", "ESRCH", "EACCES", "EPERM"];

/** Empty when there is nothing to see. Throws when we could not look, as with too many open files: that tells of no process. */
export function readAboutProcess(pid: number, what: "cmdline" | "stat"): Promise<string> {
  return readFile(`/proc/${pid}/${what}`, "utf8").catch((error: NodeJS.ErrnoException) =>
    NOTHING_TO_SEE.includes(error.code ?? "") ? "" : Promise.reject(error),
  );
}
