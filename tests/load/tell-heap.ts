/** Loaded into a product by NODE_OPTIONS: at each SIGUSR2 it tells what is left on its heap once nothing unused is. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isMainThread } from "node:worker_threads";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;
if (isMainThread)
  process.on("SIGUSR2", () => {
    gc();
    process.stderr.write(`heap-used ${process.memoryUsage().heapUsed}\n`);
  });
