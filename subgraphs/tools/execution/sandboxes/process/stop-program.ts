import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { Group } from "./cgroups.ts";
import { type Known, send, signalEach, treeOf } from "./process-tree.ts";

/** How long a program may go on after it was asked to end. */
const GRACE_MS = 1_000;

/** How long what it wrote last may take to be read, where somebody whom nothing here reaches holds the other end. */
const READ_MS = 250;

interface StopOptions {
  how: "ask" | "kill";
  /** Who of the processes, the first one first, is asked to end: not those that are the walls. */
  askWhom: (processes: readonly Known[]) => readonly Known[];
  group: Group | undefined;
}

/**
 * Ends a program and what it started: the process group, whoever left that and still has a parent among them, and whoever is in
 * its control group, which nobody can leave. What else holds its pipes is cut off, so that this comes back.
 */
export async function stopProgram(child: ChildProcess, { how, askWhom, group }: StopOptions): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return group?.remove();
  const asked = how === "ask" && !hasEnded(child) ? askWhom(treeOf(pid)) : [];
  signalEach(asked, "SIGTERM");
  if (asked.length > 0) await Promise.race([ended(child), delay(GRACE_MS, undefined, { ref: false })]);
  const all = treeOf(pid);
  if (!hasEnded(child)) {
    if (!send(-pid, "SIGKILL")) child.kill("SIGKILL");
  }
  signalEach([...asked, ...all], "SIGKILL");
  group?.kill();
  await ended(child);
  await Promise.race([closed(child), delay(READ_MS, undefined, { ref: false })]);
  for (const stream of child.stdio) stream?.destroy();
  await group?.remove();
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function ended(child: ChildProcess): Promise<void> {
  if (!hasEnded(child)) await once(child, "exit");
}

async function closed(child: ChildProcess): Promise<void> {
  if (child.stdio.some((stream) => stream?.closed === false)) await once(child, "close");
}
