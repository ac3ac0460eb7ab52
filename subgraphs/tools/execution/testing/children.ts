import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Process ids of the children of a process, besides the one that looks for them. */
export async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await run("ps", ["-A", "-o", "pid=,ppid=,comm="]);
  return stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, program]) => Number(parent) === pid && program !== "ps")
    .map(([child]) => Number(child));
}

/** False once the process has ended, though nobody may have asked for its exit code yet. */
export async function isRunning(pid: number): Promise<boolean> {
  const state = await run("ps", ["-o", "stat=", "-p", String(pid)]).then(
    ({ stdout }) => stdout.trim(),
    () => "",
  );
  return state !== "" && !state.startsWith("Z");
}
