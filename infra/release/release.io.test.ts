import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const SCRIPT = fileURLToPath(new URL("../release.sh", import.meta.url));
const BEFORE = new URL("../../.tmp/release/before.json", import.meta.url);
const ENV = {
  PATH: process.env.PATH,
  DEPLOY_MODE: "prod",
  RELEASE_REGISTRY: "registry.example.com",
  RELEASE_TAG: "1.2.3",
  DRY_RUN: "true",
};

/** What Helm would be told; where there are no charts, that they are not there. */
const DEPLOYED = existsSync(new URL("../helm/soma-stack/Chart.yaml", import.meta.url))
  ? {
      code: 0,
      said: expect.stringMatching(
        /^would run: helm upgrade --install soma .*prod-values\.yaml .*image\.tag=1\.2\.3 .*--wait --timeout 10m --/m,
      ),
    }
  : { code: 1, said: expect.stringContaining("there is no chart to install") };

/** What a release has written down for its way back. */
const wayBack = (): string | undefined => (existsSync(BEFORE) ? readFileSync(BEFORE, "utf8") : undefined);

/** What a step says, and how it ends. */
async function release(step: string, env: NodeJS.ProcessEnv = {}): Promise<{ code: number; said: string }> {
  return promisify(execFile)(SCRIPT, [step], { env: { ...ENV, ...env } }).then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    ({ code, stdout, stderr }) => ({ code, said: stdout + stderr }),
  );
}

it("infra/release.sh says in a dry run what it would do, and why a step cannot be done", async () => {
  const before = wayBack();
  const said = await Promise.all([
    release("validate", { RELEASE_URL: "https://soma.example.com" }),
    release("validate"),
    release("canary"),
    release("canary", { RELEASE_CANARY: "infra/no-canary.sh" }),
    release("bench"),
    release("deploy"),
    release("deploi"),
  ]);
  expect(said).toEqual([
    { code: 0, said: expect.stringMatching(/^would run: .*validate\/main\.ts --url https:\/\/soma\.example\.com /) },
    { code: 1, said: expect.stringContaining("RELEASE_URL is not set") },
    { code: 0, said: expect.stringContaining("RELEASE_CANARY names no program") },
    { code: 1, said: expect.stringContaining("infra/no-canary.sh is not there") },
    { code: 0, said: "would run: soma bench engine\n" },
    DEPLOYED,
    { code: 1, said: expect.stringContaining("there is no step deploi; there are config, charts, images, deploy") },
  ]);
  expect(wayBack()).toBe(before);
});
