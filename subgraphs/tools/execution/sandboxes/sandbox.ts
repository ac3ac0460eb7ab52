import type { ChildProcess } from "node:child_process";
import type { Network } from "@soma/sdk/define-tool";
import type { SandboxLevel } from "../../domain/sandbox-level.ts";

/** What runs in a sandbox. */
export interface Program {
  /** Absolute. */
  file: string;
  args: readonly string[];
  /**
   * What it reads beside itself and the libraries of the system: files, folders, `folder/*` for all that is below, and
   * `start*` for every name that begins so.
   */
  readable: readonly string[];
  network: Network;
}

/** A program that runs. Its stdin, stdout and stderr are pipes, and it has nothing else of this process. */
interface Sandboxed {
  readonly child: ChildProcess;
  /**
   * Ends the program with all that it started, and comes back when nothing of it is left. "ask" gives it a moment to end by
   * itself at SIGTERM; "kill" does not. May be called of what has ended.
   */
  stop(how: "ask" | "kill"): Promise<void>;
}

/** Walls around a program. All have one contract, `sandbox.contract.ts`; what each keeps out is tried by `escapes.contract.ts`. */
export interface Sandbox {
  readonly level: SandboxLevel;
  /** Without an environment, in a process group of its own. Throws when it cannot be started. */
  start(program: Program): Sandboxed;
}
