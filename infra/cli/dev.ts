import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { ProductOptions } from "./find-product.ts";
import { checkInstalled, projectFolder } from "./installed.ts";

/** The installation's own start: the command line is a client, and hands over. */
const START = fileURLToPath(new URL("../local/bootstrap.js", import.meta.url));

/** `soma dev DIR`: `npm start` of this installation with a project, until Ctrl-C. */
export async function startProject(dir: string, { port, data }: ProductOptions): Promise<void> {
  checkInstalled(START);
  const folder = projectFolder(dir);
  const options = ["--project", folder];
  if (port !== undefined) options.push("--port", String(port));
  if (data !== undefined) options.push("--data", resolve(data));
  const child = spawn(process.execPath, [START, "start", ...options], { stdio: "inherit" });
  // Ctrl-C reaches the whole process group; other signals are handed on.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  endWithNpm(() => child.kill("SIGTERM"));
  process.exitCode = await new Promise<number>((end, fail) => {
    child.once("error", fail);
    child.once("exit", (code) => end(code ?? 1));
  });
}

/**
 * Takes the end of npm for a request to stop, as `npm start` of the installation does: npm hands a signal to the shell between
 * it and us, and most shells die of it without handing it on.
 */
function endWithNpm(stop: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    stop();
  }, 200);
  watch.unref();
}
