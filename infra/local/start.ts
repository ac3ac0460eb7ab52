import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { loadModels, loadRoles } from "@soma/conf";
import { createDevIdentity } from "@soma/gateway/identity";
import { startGateway } from "@soma/gateway/main";
import { startMemory } from "@soma/memory/main";
import { memoryMigrations } from "@soma/memory/migrate";
import { startPolicy } from "@soma/policy/main";
import { policyMigrations } from "@soma/policy/migrate";
import { startRuns } from "@soma/runs/main";
import { runsMigrations } from "@soma/runs/migrate";
import { createModelSource, type ModelSource } from "@soma/runs/models";
import { startWorker } from "@soma/runs/worker";
import { createLocalBus } from "@soma/shared/bus/local-bus";
import type { Principal } from "@soma/shared/identity/principal";
import { createLifecycle } from "@soma/shared/lifecycle";
import type { Log } from "@soma/shared/log";
import { connect } from "@soma/shared/postgres/connect";
import { type Migration, migrate } from "@soma/shared/postgres/migrate";
import { provisionRoles } from "@soma/shared/postgres/roles";
import { startTelemetry } from "@soma/shared/telemetry";
import { startTools } from "@soma/tools/main";
import { toolsMigrations } from "@soma/tools/migrate";
import { DEVELOPER } from "./developer.ts";
import { startPostgres } from "./postgres.ts";
import { takeDataDir, writeRuntime } from "./runtime-file.ts";
import { loadSecrets, type Secrets } from "./secrets.ts";

export interface StartLocalOptions {
  dataDir: string;
  /** Taken when free, else one near it. */
  port: number;
  env: Record<string, string | undefined>;
  log: Log;
  /** Told when a part is up, with the milliseconds it took. */
  onStep(name: string, detail: string, ms: number): void;
}

export interface Local {
  url: string;
  port: number;
  /** True when the data folder is new. */
  created: boolean;
  models: ModelSource;
  /** A token the CLI signs in with. */
  token: string;
  /** A link that signs a browser in once, for ten minutes. */
  signInLink(): Promise<string>;
  close(): Promise<void>;
}

const PREFERRED_POSTGRES_PORT = 54_329;
/** The CLI's token is made anew at each start. */
const CLI_TOKEN_S = 30 * 24 * 3_600;

/** Everything in this process, on a PostgreSQL of its own. */
export async function startLocal(options: StartLocalOptions): Promise<Local> {
  const { dataDir, log } = options;
  const lifecycle = createLifecycle(log, 25_000);
  try {
    return await startParts(options, lifecycle);
  } catch (error) {
    await lifecycle.close();
    throw error;
  }

  async function startParts(_options: StartLocalOptions, _lifecycle: typeof lifecycle): Promise<Local> {
    await mkdir(dataDir, { recursive: true });
    const owned = await takeDataDir(dataDir);
    lifecycle.add("data folder", owned.release);
    const telemetry = await startTelemetry({
      service: "soma",
      otlpEndpoint: options.env.OTEL_EXPORTER_OTLP_ENDPOINT ?? "",
    });
    lifecycle.add("telemetry", telemetry.close);
    const secrets = await loadSecrets(dataDir);
    const database = await timed(
      options,
      "PostgreSQL",
      () => startDatabase(dataDir, secrets, lifecycle),
      (up) => `${up.created ? "created" : "opened"} ${dataDir}/pg on 127.0.0.1:${up.port}`,
    );
    await timed(
      options,
      "Migrations",
      () => migrateAll(database.ownerUrl, secrets),
      (count) => (count === 0 ? "up to date" : `${count} applied`),
    );
    const models = await timed(
      options,
      "Model",
      () => createModelSource({ models: loadModels(), env: options.env, wanted: options.env.SOMA_MODEL_PROFILE ?? "" }),
      (source) =>
        `${source.chosen.profile} (${source.chosen.isAi ? source.chosen.model : "a set of rules, not an AI"}): ${source.reason}`,
    );
    const gateway = await timed(
      options,
      "Services",
      () => startServices(options, { secrets, ownerUrl: database.ownerUrl, models, lifecycle }),
      () => "gateway, runs, memory, policy, tools, worker",
    );
    const url = gateway.url;
    const identity = await createDevIdentity({
      privateJwk: secrets.user.privateKey,
      publicJwk: secrets.user.publicKey,
    });
    const principal: Principal = { ...DEVELOPER, roles: Object.keys(loadRoles().roles), service: null };
    const token = await identity.issueAccessToken(principal, CLI_TOKEN_S);
    await writeRuntime(dataDir, { pid: process.pid, url, startedAt: new Date().toISOString() }, { token });
    return {
      url,
      port: gateway.port,
      created: database.created,
      models,
      token,
      signInLink: async () => `${url}/#t=${await identity.issueSignInToken(principal)}`,
      close: lifecycle.close,
    };
  }
}

async function timed<T>(
  options: StartLocalOptions,
  name: string,
  work: () => Promise<T>,
  describe: (result: T) => string,
): Promise<T> {
  const startedAt = performance.now();
  const result = await work();
  options.onStep(name, describe(result), Math.round(performance.now() - startedAt));
  return result;
}

async function startDatabase(dataDir: string, secrets: Secrets, lifecycle: ReturnType<typeof createLifecycle>) {
  // The server runs as another user when we are root; it needs to enter the folder, and its own folder keeps everyone else out.
  await chmod(dataDir, 0o755);
  const postgres = await startPostgres({
    dataDir: join(dataDir, "pg"),
    password: secrets.postgres.owner,
    preferredPort: PREFERRED_POSTGRES_PORT,
    database: "postgres",
  });
  lifecycle.add("postgres", postgres.stop);
  return postgres;
}

async function migrateAll(ownerUrl: string, secrets: Secrets): Promise<number> {
  const owner = connect({
    url: ownerUrl,
    schema: "public",
    applicationName: "soma-migrate",
    max: 4,
    statementTimeoutMs: 0,
  });
  try {
    await provisionRoles(owner, secrets.postgres);
    const schemas: [string, () => Promise<Migration[]>][] = [
      ["runs", runsMigrations],
      ["memory", memoryMigrations],
      ["policy", policyMigrations],
      ["tools", toolsMigrations],
    ];
    const counts = await Promise.all(schemas.map(async ([schema, read]) => migrate(owner, schema, await read())));
    return counts.reduce((sum, count) => sum + count, 0);
  } finally {
    await owner.end();
  }
}

interface Parts {
  secrets: Secrets;
  ownerUrl: string;
  models: ModelSource;
  lifecycle: ReturnType<typeof createLifecycle>;
}

async function startServices(options: StartLocalOptions, { secrets, ownerUrl, models, lifecycle }: Parts) {
  const { log } = options;
  const bus = createLocalBus();
  lifecycle.add("bus", bus.close);
  const as = (role: string, password: string): string => {
    const url = new URL(ownerUrl);
    url.username = role;
    url.password = password;
    return url.href;
  };
  const env = {
    ...options.env,
    DATABASE_URL: as("soma_request", secrets.postgres.request),
    WORKER_DATABASE_URL: as("soma_worker", secrets.postgres.worker),
    SOMA_INTERNAL_SIGNING_KEY: JSON.stringify(secrets.internal.privateKey),
    SOMA_INTERNAL_VERIFY_KEY: JSON.stringify(secrets.internal.publicKey),
    SOMA_DECISION_SIGNING_KEY: JSON.stringify(secrets.decision.privateKey),
    SOMA_DECISION_VERIFY_KEY: JSON.stringify(secrets.decision.publicKey),
    SOMA_USER_SIGNING_KEY: JSON.stringify(secrets.user.privateKey),
    SOMA_USER_VERIFY_KEY: JSON.stringify(secrets.user.publicKey),
    SOMA_DATA_DIR: options.dataDir,
  };
  const [policy, memory, tools, runs] = await Promise.all([
    startPolicy({ env, bus, log }),
    startMemory({ env, bus, log }),
    startTools({ env, bus, log }),
    startRuns({ env, log, models }),
  ]);
  for (const [name, part] of Object.entries({ policy, memory, tools, runs })) lifecycle.add(name, part.close);
  const urls = {
    SOMA_SUBGRAPH_POLICY_URL: policy.url,
    SOMA_SUBGRAPH_MEMORY_URL: memory.url,
    SOMA_SUBGRAPH_TOOLS_URL: tools.url,
    SOMA_SUBGRAPH_RUNS_URL: runs.url,
  };
  const worker = await startWorker({ env: { ...env, ...urls }, bus, log, models });
  lifecycle.add("worker", worker.close);
  const gateway = await startGateway({ env: { ...env, ...urls, SOMA_GATEWAY_PORT: String(options.port) }, log });
  lifecycle.add("gateway", gateway.close);
  return gateway;
}
