import { existsSync } from "node:fs";
import type { Writable } from "node:stream";
import type { MakeGroup } from "../process/cgroups.ts";
import { joining, limited, MAX_TASKS, SHELL } from "../process/limits.ts";
import { spawnApart } from "../process/spawn-apart.ts";
import { stopProgram } from "../process/stop-program.ts";
import type { Sandbox } from "../sandbox.ts";
import { viewOf } from "../view.ts";
import { bubblewrapArguments, FILTER_FD } from "./bubblewrap-arguments.ts";
import { findKernelFiles } from "./kernel-files.ts";
import { seccompFilter } from "./seccomp.ts";
import type { Processor } from "./system-calls.ts";

interface BubblewrapOptions {
  /** Path of bwrap. */
  program: string;
  processor: Processor;
  makeGroup: MakeGroup | undefined;
}

/** Walls of the kernel around a program: namespaces, a filter of system calls, a view of files that cannot be written. */
export function createBubblewrapSandbox({ program: bwrap, processor, makeGroup }: BubblewrapOptions): Sandbox {
  const filter = seccompFilter(processor);
  const kernel = findKernelFiles();
  const hasShell = existsSync(SHELL);
  return {
    level: "bubblewrap",
    start(program) {
      const bare = [program.file, ...program.args];
      // Its user is its own by the namespace, so that processes can be counted; limits are lowered inside, not of bubblewrap.
      const inside = hasShell ? limited(bare, { ownTasks: true }) : bare;
      const walls = [bwrap, ...bubblewrapArguments(viewOf(program), program.network, kernel), ...inside];
      const group = hasShell ? makeGroup?.(MAX_TASKS) : undefined;
      const child = spawnApart(joining(group?.joins ?? [], walls), { cwd: "/", env: {}, pipes: FILTER_FD + 1 });
      const toFilter = child.stdio[FILTER_FD] as Writable | undefined;
      // Who never started reads none of it; that it did not is seen where its end is.
      toFilter?.on("error", () => {});
      toFilter?.end(filter);
      return {
        child,
        stop: (how) => stopProgram(child, { how, askWhom: (all) => all.filter(({ name }) => name !== "bwrap"), group }),
      };
    },
  };
}
