import { readdirSync, readFileSync } from "node:fs";

/** A process, by the number it has and the moment it began, so that a stranger with the same number is not taken for it. */
export interface Known {
  pid: number;
  name: string;
  began: string;
}

/** A process and everything that it started and that has not lost its parent, itself first; empty without /proc. */
export function treeOf(pid: number): Known[] {
  const known = identify(pid);
  return known === undefined ? [] : [known, ...childrenOf(pid).flatMap(treeOf)];
}

/** Sends a signal to those of them that are still who they were. */
export function signalEach(processes: readonly Known[], signal: NodeJS.Signals): void {
  for (const { pid, began } of processes) if (identify(pid)?.began === began) send(pid, signal);
}

/** Whether there was somebody to send it to; a negative number is a process group. */
export function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function identify(pid: number): Known | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const name = /\((.*)\)/s.exec(stat)?.[1];
  // The name may hold anything; what follows its last bracket are plain fields, of which the 20th is when it began.
  const began = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return name === undefined || began === undefined ? undefined : { pid, name, began };
}

function childrenOf(pid: number): number[] {
  return list(`/proc/${pid}/task`).flatMap((task) =>
    read(`/proc/${pid}/task/${task}/children`).split(" ").filter(Boolean).map(Number),
  );
}

/** What is gone says nothing. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
