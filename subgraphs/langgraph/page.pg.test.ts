import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setUp } from "./set-up.ts";
import { createStage, type Stage, threadOf } from "./testing/stage.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

let stage: Stage;
let folder: string;

beforeAll(async () => {
  stage = await createStage();
  // The page uses the schema of the product, `langgraph`.
  await setUp({ url: stage.database.urls.owner });
  folder = await mkdtemp(join(tmpdir(), "soma-langgraph-page-"));
});
afterAll(async () => {
  await stage.database.owner.unsafe("drop schema langgraph cascade");
  await stage.close();
  await rm(folder, { recursive: true });
});

describe("docs/user/langgraph.md", () => {
  it("has a program that runs as it stands, in a folder outside of ours", async () => {
    const page = await readFile(join(root, "docs/user/langgraph.md"), "utf8");
    const program = /```ts\n(.*?)```/s.exec(page)?.[1] ?? "";
    await writeFile(join(folder, "main.ts"), program);
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    await symlink(join(root, "node_modules"), join(folder, "node_modules"));
    await makeDataFolder(join(folder, ".soma"), stage.database.urls.request);
    const { stdout } = await promisify(execFile)(process.execPath, ["main.ts"], { cwd: folder });
    expect(stdout).toBe("Hello, Ada\n");
    const saver = stage.open({ schema: "langgraph", tenant: "local" });
    expect((await saver.getTuple(threadOf("thread-1")))?.checkpoint.channel_values).toMatchObject({ name: "Ada" });
  });
});

/** What a product that runs leaves in its data folder, as far as a program needs it. */
async function makeDataFolder(dataDir: string, requestUrl: string): Promise<void> {
  const { port, password } = new URL(requestUrl);
  await mkdir(join(dataDir, "pg"), { recursive: true });
  await writeFile(join(dataDir, "pg/postmaster.pid"), `1\n/data\n1\n${port}\n`);
  await writeFile(join(dataDir, "secrets.json"), JSON.stringify({ postgres: { request: password } }));
}
