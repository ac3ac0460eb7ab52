import { type ChildProcess, fork } from "node:child_process";
import { getCompileCacheDir } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** What the worker process is given by its parent. By a message: an environment can be read by what else runs here. */
export interface WorkerGiven {
  env: Record<string, string | undefined>;
  dataDir: string;
}

const PROGRAM = fileURLToPath(new URL("./worker-program.ts", import.meta.url));
/** What a program of Node needs to begin. */
const NEEDED = /^(?:PATH|HOME|NODE_.*|LANG|LC_.*)$/i;

/** Starts the program of the worker process; what it says stands in the log. */
export function launchWorker(given: WorkerGiven): ChildProcess {
  const child = fork(PROGRAM, { stdio: ["ignore", "ignore", "ignore", "ipc"], env: toBegin(process.env) });
  child.send(given, () => {});
  return child;
}

/** Without keys. What earlier processes have compiled is taken from where the product takes it. */
function toBegin(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // A folder for each version of Node, in the one that is named.
  const compiled = getCompileCacheDir();
  return {
    ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: dirname(compiled) }),
    ...Object.fromEntries(Object.entries(env).filter(([name]) => NEEDED.test(name))),
  };
}
