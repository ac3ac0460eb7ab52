import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What the worker process is given by its parent. By a message: an environment can be read by what else runs here. */
export interface WorkerGiven {
  env: Record<string, string | undefined>;
  dataDir: string;
}

const PROGRAM = fileURLToPath(new URL("./worker-program.ts", import.meta.url));
const COMPILED = fileURLToPath(new URL("../../../node_modules/.cache/soma", import.meta.url));

/** Starts the program of the worker process; what it says stands in the log. */
export function launchWorker(given: WorkerGiven): ChildProcess {
  const child = fork(PROGRAM, { stdio: ["ignore", "ignore", "ignore", "ipc"], env: withCache(process.env) });
  child.send(given, () => {});
  return child;
}

/** Takes what earlier processes have compiled, as the product does. */
function withCache(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { NODE_COMPILE_CACHE: COMPILED, ...env };
}
