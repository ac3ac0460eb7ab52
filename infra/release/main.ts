/** What `infra/release.sh` runs. */
import { mkdir, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { readRelease } from "./read-release.ts";
import { createShell } from "./shell.ts";
import { KEPT, STEPS } from "./steps.ts";

try {
  await main(process.argv[2] ?? "");
} catch (error) {
  console.error(`release: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function main(name: string): Promise<void> {
  const step = STEPS[name];
  if (step === undefined)
    throw new Error(
      `${name === "" ? "no step was named" : `there is no step ${name}`}; there are ${Object.keys(STEPS).join(", ")}`,
    );
  const env = await withCluster(process.env);
  await step(readRelease(env), createShell(env, console.log), env);
}

/** A kubeconfig that came as text is a file for its owner alone, and the text is not handed on. */
async function withCluster({ RELEASE_KUBECONFIG: text, ...env }: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  if (!text) return env;
  const file = resolve(KEPT, "kubeconfig");
  await mkdir(KEPT, { recursive: true, mode: 0o700 });
  await writeFile(file, text, { mode: 0o600 });
  return { ...env, KUBECONFIG: file };
}
