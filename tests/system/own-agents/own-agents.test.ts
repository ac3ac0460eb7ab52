import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readCredentials, readRuntime } from "@soma/cli/data-folder";
import { createSomaClient } from "@soma/graphql/client";
import { AgentsDocument, type AgentsQuery } from "@soma/graphql/operations";
import { isAlive } from "@soma/schemas/is-alive";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, expect, it } from "vitest";
import { packPackages } from "../../../infra/pack/pack-packages.ts";
import { removeData } from "../remove-data.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const page = await readFile(join(root, "docs/user/tutorial.md"), "utf8");

/** A fenced block of the page: its kind, what stands beside that, and its text. */
const blocks = [...page.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm)].map(([, kind, beside = "", text = ""]) => ({
  kind,
  beside,
  text,
}));

let home: string;
let product: ChildProcess | undefined;
let productSaid = "";
const env = () => ({
  ...process.env,
  HOME: home,
  OPENAI_API_KEY: "",
  SOMA_DATA_DIR: "",
  SOMA_GATEWAY_PORT: "0",
  npm_config_update_notifier: "false",
  PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
});

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "soma-tutorial-"));
});
afterAll(async () => {
  await stop();
  await removeData(home);
});

/** Ends npm, and waits until the product that it started is gone as well. */
async function stop(): Promise<void> {
  if (product === undefined || product.exitCode !== null) return;
  const runtime = await readRuntime(join(home, "my-agents/.soma"));
  const gone = once(product, "exit");
  product.kill("SIGTERM");
  await gone;
  await until("the product has ended with npm", async () => !isAlive(runtime?.pid ?? 0) || undefined, 30_000);
}

/** One shell for the whole page, as its reader has one: folder and variables stay. */
function openShell() {
  const shell = spawn("bash", [], { cwd: root, env: env(), stdio: ["pipe", "pipe", "pipe"] });
  shell.stderr.resume();
  const lines = createInterface({ input: shell.stdout })[Symbol.asyncIterator]();
  return {
    async run(commands: string): Promise<string> {
      shell.stdin.write(`set -e\n${commands}\nset +e; echo "@done"\n`);
      const said: string[] = [];
      for (let next = await lines.next(); next.value !== "@done"; next = await lines.next()) {
        if (next.done === true) throw new Error(`a command of the page failed: ${commands}\n${said.join("\n")}`);
        said.push(next.value);
      }
      return said.join("\n");
    },
    close: () => shell.kill(),
  };
}

/** The second terminal. */
async function start(command: string, cwd: string): Promise<void> {
  const started = spawn("bash", ["-c", `exec ${command}`], { cwd, env: env(), stdio: ["ignore", "pipe", "pipe"] });
  product = started;
  for (const stream of [started.stdout, started.stderr]) stream.on("data", (text: Buffer) => (productSaid += text));
  await until("the product is ready", async () => productSaid.includes("Ready in") || undefined, 60_000);
}

/** The SDK and the client as they are packed, in place of the link to our sources; what is linked beside is linked again. */
async function installPacked(project: string): Promise<void> {
  const files = await packPackages(join(home, "packed"));
  const options = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  await promisify(execFile)("npm", ["install", ...options, ...files], { cwd: project });
  await promisify(execFile)(process.execPath, [join(root, "infra/cli/soma.js"), "link", project]);
}

/** Runs the example of the client's own page against the product. */
async function runExampleOfClient(project: string): Promise<string> {
  const readme = await readFile(join(project, "node_modules/@soma/client/README.md"), "utf8");
  await writeFile(join(project, ".client.ts"), /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "");
  const { url } = (await readRuntime(join(project, ".soma"))) ?? {};
  const { token } = (await readCredentials(join(project, ".soma"))) ?? {};
  const options = { cwd: project, env: { ...env(), SOMA_URL: url, SOMA_TOKEN: token } };
  return (await promisify(execFile)(process.execPath, [".client.ts"], options)).stdout;
}

/** Breaks a file of the project, and gives what the API tells of that. */
async function breakFile(project: string, file: string): Promise<AgentsQuery["project"] | undefined> {
  const { url = "" } = (await readRuntime(join(project, ".soma"))) ?? {};
  const { token = "" } = (await readCredentials(join(project, ".soma"))) ?? {};
  const client = createSomaClient({ url, token });
  await writeFile(join(project, file), "\n\nexport default (;\n");
  return until("the API tells the fault", async () => {
    const told = (await client.request(AgentsDocument, {})).project;
    return told?.faults.length === 1 ? told : undefined;
  });
}

it("the tutorial does what it says, word for word, with the packed SDK: a project, a run that waits, a change under it", async () => {
  const project = join(home, "my-agents");
  const shell = openShell();
  let said = "";
  for (const { kind, beside, text } of blocks) {
    if (kind === "text") expect(said).toContain(text.trim());
    else if (kind === "ts") {
      const before = productSaid.split("Loaded again").length;
      await writeFile(join(project, beside), text);
      if (!beside.endsWith(".test.ts"))
        await until("the file is taken", async () => productSaid.split("Loaded again").length > before || undefined);
    } else if (beside === "start") await start(text.trim(), project);
    else said = await shell.run(text);
    if (text.includes("soma init")) await installPacked(project);
  }
  shell.close();
  expect(said, "the run that waited was never started again").toContain("recovered 0 times");
  const followed = (await runExampleOfClient(project)).trim().split("\n");
  const events = followed.slice(0, -1).map((line) => line.split(" "));
  expect(events.map(([seq]) => Number(seq))).toEqual(events.map((_event, index) => index + 1));
  expect([events[0]?.[1], events.at(-1)?.[1], followed.at(-1)]).toEqual([
    "RUN_STARTED",
    "RUN_SUCCEEDED",
    "Order A-17: sent on Monday.",
  ]);
  expect(await breakFile(project, "agents/orders.ts")).toMatchObject({
    name: "my-agents",
    faults: [{ file: "agents/orders.ts", line: 3, message: expect.stringContaining("Expression expected") }],
  });
});
