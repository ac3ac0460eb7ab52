import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { Sandbox } from "../sandbox.ts";
import type { MakeGroup } from "./cgroups.ts";
import { joining, limited, MAX_TASKS, SHELL } from "./limits.ts";
import { spawnApart } from "./spawn-apart.ts";
import { stopProgram } from "./stop-program.ts";

/**
 * A process of its own: no environment, limits of each process, a process group that is killed as one. It keeps no files and no
 * network from the program; where control groups can be made, nothing that it starts outlives it.
 */
export function createProcessSandbox(makeGroup: MakeGroup | undefined): Sandbox {
  const hasShell = existsSync(SHELL);
  return {
    level: "process",
    start({ file, args }) {
      const group = hasShell ? makeGroup?.(MAX_TASKS) : undefined;
      const bare = [file, ...args];
      const command = hasShell ? joining(group?.joins ?? [], limited(bare, { ownTasks: false })) : bare;
      // Windows cannot start a program without its system folder; nothing else is handed on.
      const env: NodeJS.ProcessEnv = process.env.SystemRoot === undefined ? {} : { SystemRoot: process.env.SystemRoot };
      const child = spawnApart(command, { cwd: dirname(file), env });
      return { child, stop: (how) => stopProgram(child, { how, askWhom: (all) => all, group }) };
    },
  };
}
