import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { openSync, readdirSync, readFileSync } from "node:fs";
import { devNull } from "node:os";

/** O_CLOEXEC, with which Node opens everything: what it is not set on was left open by whoever started this process. */
const CLOSED_AT_EXEC = 0o2000000;

let left: readonly number[] | undefined;

/**
 * Starts a command in a process group of its own with nothing of this process but pipes: its first three, and so many more. What
 * this process itself was started with and a child would get, such as a file that a shell holds open, is nothing there.
 */
export function spawnApart(
  [file = "", ...args]: readonly string[],
  { pipes = 3, ...options }: Pick<SpawnOptions, "cwd" | "env"> & { pipes?: number },
): ChildProcess {
  left ??= findLeftOpen();
  const stdio: ("pipe" | "ignore" | number)[] = Array(pipes).fill("pipe");
  const covered = left.filter((fd) => fd >= pipes);
  if (covered.length > 0) {
    const nothing = nullFd();
    while (stdio.length <= Math.max(...covered)) stdio.push(covered.includes(stdio.length) ? nothing : "ignore");
  }
  return spawn(file, args, { ...options, detached: true, stdio });
}

let nothing: number | undefined;

function nullFd(): number {
  nothing ??= openSync(devNull, "r+");
  return nothing;
}

/** Of this process when it first asks: it opens nothing in this way later. Linux alone tells. */
function findLeftOpen(): number[] {
  try {
    return readdirSync("/proc/self/fd").map(Number).filter(isLeft);
  } catch {
    return [];
  }
}

function isLeft(fd: number): boolean {
  if (fd <= 2) return false;
  try {
    const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSED_AT_EXEC) === 0;
  } catch {
    return false;
  }
}
