import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadMode, toEnv } from "@soma/conf/modes";
import { createDevIdentity } from "@soma/gateway/dev-identity";
import { loadSecrets } from "@soma/local/secrets";
import { createLifecycle } from "@soma/shared/lifecycle";
import { createLog } from "@soma/shared/log";
import { until } from "@soma/shared/testing/until";
import { rotateKeyFiles } from "../../../infra/keys/rotate-key-files.ts";
import { migrateSchemas, referencesOf, startDatabase } from "../../../infra/local/database.ts";
import { freePort } from "../../../infra/local/free-port.ts";
import { SCHEMAS } from "../../../infra/local/parts.ts";
import { removeData } from "../remove-data.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const SUBGRAPHS = ["memory", "policy", "tools", "runs"] as const;
/** Each part is a program; the worker and the gateway come last, since they ask the others. */
const PROGRAMS = {
  memory: "subgraphs/memory/main.ts",
  policy: "subgraphs/policy/main.ts",
  tools: "subgraphs/tools/main.ts",
  runs: "subgraphs/runs/main.ts",
  worker: "subgraphs/runs/worker.ts",
  gateway: "gateway/main.node.ts",
} as const;
export type PartName = keyof typeof PROGRAMS;
const CLOSE_MS = 25_000;
const READY_MS = 60_000;

/** The product with each part in a process of its own, on one database; they know of each other by settings alone. */
export interface Processes {
  url: string;
  token: string;
  /** A new key in the files by which the processes know each other; seconds until it signs, and until the one before ends. */
  rotate(times: { afterS: number; keepS: number }): Promise<unknown>;
  kill(name: PartName): Promise<void>;
  start(name: PartName): void;
  /** Waits until the gateway says that everything behind it is ready. */
  ready(): Promise<void>;
  output(): string;
  close(): Promise<void>;
}

export async function startProcesses(more: Record<string, string>): Promise<Processes> {
  const dataDir = await mkdtemp(join(tmpdir(), "soma-processes-"));
  const log = createLog({ level: "silent", service: "test" });
  const lifecycle = createLifecycle(log, CLOSE_MS);
  const secrets = await loadSecrets(dataDir);
  const { ownerUrl } = await startDatabase(dataDir, secrets, { lifecycle, log, say: () => {} });
  await migrateSchemas(ownerUrl, secrets.postgres, Object.keys(SCHEMAS));
  const { known, ports } = await choosePlaces();
  const places = { ...referencesOf(dataDir, ownerUrl, secrets), ...known };
  const given = { ...process.env, SOMA_MODEL_PROFILE: "scripted", SOMA_LOG_LEVEL: "info", ...ports, ...more };
  const keys = { name: "internal", dir: join(dataDir, "keys") };
  const { files } = await rotateKeyFiles({ ...keys, afterS: 0, keepS: 0 }, new Date());
  const env = {
    ...toEnv(loadMode("dev_full"), given, places),
    ...{ SOMA_INTERNAL_SIGNING_KEY: "", SOMA_INTERNAL_SIGNING_KEY_FILE: files.private },
    ...{ SOMA_INTERNAL_VERIFY_KEY: "", SOMA_INTERNAL_VERIFY_KEY_FILE: files.public },
  };
  const url = `http://127.0.0.1:${known["gateway.port"]}`;
  const identity = createDevIdentity({ privateJwk: secrets.user.privateKey, publicJwk: secrets.user.publicKey });
  const who = { tenant: "local", subject: "user:test", roles: ["assistant"], service: null };
  const running = new Map<PartName, ChildProcess>();
  let said = "";

  function start(name: PartName): void {
    const child = spawn(process.execPath, [join(root, PROGRAMS[name])], { env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += String(chunk)));
    running.set(name, child);
  }

  async function end(name: PartName, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = running.get(name);
    running.delete(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  for (const name of Object.keys(PROGRAMS) as PartName[]) start(name);
  return {
    url,
    token: await identity.issueAccessToken(who, 3_600),
    rotate: (times) => rotateKeyFiles({ ...keys, ...times }, new Date()),
    kill: (name) => end(name, "SIGKILL"),
    start,
    async ready() {
      await until("every process is ready", () => isReady(url, running), READY_MS);
    },
    output: () => said,
    async close() {
      await Promise.all([...running.keys()].map((name) => end(name, "SIGTERM")));
      await lifecycle.close();
      await removeData(dataDir);
    },
  };
}

async function choosePlaces() {
  const ports: Record<string, string> = {};
  const known: Record<string, string> = { "gateway.port": String(await freePort(0)) };
  for (const name of SUBGRAPHS) {
    const port = await freePort(0);
    ports[`SOMA_${name.toUpperCase()}_PORT`] = String(port);
    known[`part.${name}`] = `http://127.0.0.1:${port}/graphql`;
  }
  return { known, ports };
}

async function isReady(url: string, running: ReadonlyMap<PartName, ChildProcess>): Promise<boolean> {
  for (const [name, { exitCode }] of running) if (exitCode !== null) throw new Error(`${name} ended with ${exitCode}`);
  return fetch(new URL("/readyz", url)).then(
    ({ ok }) => ok,
    () => false,
  );
}
