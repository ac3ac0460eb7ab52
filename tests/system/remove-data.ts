import { rm } from "node:fs/promises";
import { join } from "node:path";
import { readPidFile } from "@soma/local/pid-file";
import { isAlive } from "@soma/schemas/is-alive";
import { until } from "@soma/shared/testing/until";

/** Removes a data folder whose PostgreSQL may have outlived its product. */
export async function removeData(dataDir: string): Promise<void> {
  const pid = (await readPidFile(join(dataDir, "pg")))?.pid ?? 0;
  if (isAlive(pid)) process.kill(pid, "SIGINT");
  await until("PostgreSQL has stopped", () => !isAlive(pid), 20_000);
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
}
