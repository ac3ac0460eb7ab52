import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { aTool } from "./tools.ts";

/** An at-most-once tool: writes to a file that it ran, and then takes for ever. */
export const keepOnce = aTool(
  "keep_once",
  (_args, { dataDir, emit }) => {
    appendFileSync(join(dataDir, "ran.txt"), "ran\n");
    emit("ran");
    return new Promise<undefined>(() => {});
  },
  { effect: "at_most_once" },
);
