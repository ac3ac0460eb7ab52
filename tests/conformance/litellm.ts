/**
 * The assistant, with its tools, through a real LiteLLM proxy to stand-ins of Mistral and Anthropic. By hand, because
 * the proxy takes two minutes and 760 MB to install, once; it needs Python from 3.10 on.
 *
 *   node_modules/.bin/node tests/conformance/litellm.ts
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ModelClient } from "@soma/sdk/model-client";
import { createOpenAiCompatibleClient } from "../../subgraphs/runs/models/openai/client.ts";
import { createOpenAiResponsesClient } from "../../subgraphs/runs/models/openai-responses/client.ts";
import { anthropic } from "../../subgraphs/runs/models/testing/doors/anthropic.ts";
import { mistral } from "../../subgraphs/runs/models/testing/doors/mistral.ts";
import { type Door, startModelServer } from "../../subgraphs/runs/models/testing/model-server.ts";
import { assist, HEARD, threeTurns } from "../../subgraphs/runs/models/testing/three-turns.ts";

const VERSION = "1.108.7";
const KEY = "sk-litellm-test-0123456789";
/** The proxy imports a great deal before it listens. */
const START_MS = 120_000;

/** The proxy's program; installed where it is not yet. */
async function install(): Promise<string> {
  const folder = fileURLToPath(new URL(`../../.tools/litellm-${VERSION}`, import.meta.url));
  const program = join(folder, "bin", "litellm");
  const whole = join(folder, "whole");
  if (existsSync(whole)) return program;
  process.stdout.write(`Installing LiteLLM ${VERSION} into ${folder}, which takes two minutes\n`);
  const run = (file: string, args: string[]): unknown =>
    execFileSync(file, args, { stdio: ["ignore", "ignore", "inherit"] });
  await rm(folder, { recursive: true, force: true });
  run("python3", ["-m", "venv", folder]);
  run(join(folder, "bin", "pip"), ["install", "--quiet", "--only-binary", ":all:", `litellm[proxy]==${VERSION}`]);
  await writeFile(whole, "");
  return program;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}

/** Starts a proxy before the models of a configuration, and gives its address and what ends it. */
async function startProxy(program: string, config: object) {
  const folder = await mkdtemp(join(tmpdir(), "soma-litellm-"));
  // JSON is YAML.
  await writeFile(join(folder, "config.yaml"), JSON.stringify(config));
  const port = await freePort();
  const args = ["--config", join(folder, "config.yaml"), "--host", "127.0.0.1", "--port", String(port)];
  const child = spawn(program, [...args, "--telemetry", "False"], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, LITELLM_LOCAL_MODEL_COST_MAP: "True" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (log += String(text)));
  const exit = new Promise((resolve) => child.once("exit", resolve));
  const stop = async (): Promise<void> => {
    child.kill();
    await exit;
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  for (const endsAt = Date.now() + START_MS; ; await sleep(250)) {
    const isUp = await fetch(`${url}/health/liveliness`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return { url, stop, log: () => log };
    if (child.exitCode === null && Date.now() < endsAt) continue;
    await stop();
    throw new Error(`the LiteLLM proxy did not start:\n${log}`);
  }
}

const DOORS: Record<string, { door: Door; path: string }> = {
  mistral: { door: mistral(), path: "/v1" },
  anthropic: { door: anthropic(), path: "" },
};

const servers = await Promise.all(
  Object.entries(DOORS).map(async ([name, { door, path }]) => {
    const server = await startModelServer(door, { answer: threeTurns, apiKey: KEY });
    const params = { model: `${name}/test-model`, api_base: `${server.origin}${path}`, api_key: KEY };
    return { server, entry: { model_name: name, litellm_params: params } };
  }),
);
const config = {
  model_list: servers.map(({ entry }) => entry),
  general_settings: { master_key: KEY },
  litellm_settings: { num_retries: 0 },
};
const proxy = await startProxy(await install(), config);
try {
  const timeoutsMs = { connect: 5_000, firstToken: 30_000, total: 60_000 };
  for (const model of Object.keys(DOORS)) {
    const options = { profile: "litellm", model, baseUrl: `${proxy.url}/v1`, apiKey: KEY, timeoutsMs };
    const chat = createOpenAiCompatibleClient({ ...options, provider: "openai-compatible" });
    const responses = createOpenAiResponsesClient({ ...options, provider: "openai-responses" });
    // What Anthropic signed does not survive the proxy's own way from responses to messages and back.
    const clients: ModelClient[] = model === "anthropic" ? [chat] : [chat, responses];
    for (const client of clients) {
      const run = await assist(client);
      const isGood = run.status === "SUCCEEDED" && run.answer === HEARD;
      process.stdout.write(
        `${isGood ? "good" : "BAD "} ${model} by ${client.provider}: ${run.answer ?? run.error?.message}\n`,
      );
      if (!isGood) process.exitCode = 1;
    }
  }
} finally {
  if (process.exitCode === 1) process.stderr.write(proxy.log().slice(-4_000));
  await proxy.stop();
  await Promise.all(servers.map(({ server }) => server.close()));
}
