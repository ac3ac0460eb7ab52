import { loadMode, type Mode, toEnv, unknownOf } from "@soma/conf/modes";
import { confFolder } from "@soma/conf/read-conf";
import { loadRoles } from "@soma/conf/roles";
import { createDevIdentity } from "@soma/gateway/identity";
import { startGateway } from "@soma/gateway/main";
import { createModelSource, type ModelSource } from "@soma/runs/models";
import { startWorker } from "@soma/runs/worker";
import { isRecord } from "@soma/schemas/json";
import { chooseBus } from "@soma/shared/bus/choose-bus";
import { holdUntil } from "@soma/shared/bus/hold-until";
import type { Principal } from "@soma/shared/identity/principal";
import { createLifecycle, type Lifecycle } from "@soma/shared/lifecycle";
import type { Log } from "@soma/shared/log";
import { readProcessSettings } from "@soma/shared/run-main";
import { startTelemetry } from "@soma/shared/telemetry";
import { migrateSchemas, referencesOf, startDatabase } from "./database.ts";
import { DEVELOPER } from "./developer.ts";
import { SUBGRAPHS } from "./parts.ts";
import { takeDataDir, writeRuntime } from "./runtime-file.ts";
import { loadSecrets, type Secrets } from "./secrets.ts";

export interface StartLocalOptions {
  dataDir: string;
  /** Asked once the data folder is ours. */
  choosePort(): Promise<number>;
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
  /** A token the CLI signs in with. */
  token: string;
  /** A link that signs a browser in once, for ten minutes. */
  signInLink(): Promise<string>;
  close(): Promise<void>;
}

/** The CLI's token is made anew at each start. */
const CLI_TOKEN_S = 30 * 24 * 3_600;
const CLOSE_MS = 25_000;

/** Everything in this process, on a PostgreSQL of its own. */
export async function startLocal(options: StartLocalOptions): Promise<Local> {
  const lifecycle = createLifecycle(options.log, CLOSE_MS);
  try {
    return await startAll(options, lifecycle);
  } catch (error) {
    await lifecycle.close();
    throw error;
  }
}

async function startAll(options: StartLocalOptions, lifecycle: Lifecycle): Promise<Local> {
  const { dataDir, env } = options;
  const step = timer(options);
  const owned = await takeDataDir(dataDir);
  lifecycle.add("data folder", owned.release);
  const wanted = await options.choosePort();
  const { otlpEndpoint } = readProcessSettings(env);
  const telemetry = await startTelemetry({ service: "soma", otlpEndpoint });
  lifecycle.add("telemetry", telemetry.close);
  const secrets = await loadSecrets(dataDir);

  const database = await step(
    "PostgreSQL",
    startDatabase(dataDir, secrets, lifecycle),
    ({ created, port, elsewhere }) =>
      `${created ? "created" : "opened"} ${dataDir}/pg on 127.0.0.1:${port}${elsewhere === undefined ? "" : `, as ${elsewhere}`}`,
  );
  const migrating = migrateSchemas(database.ownerUrl, secrets, Object.keys(SUBGRAPHS));
  await step("Migrations", migrating, (count) => (count === 0 ? "up to date" : `${count} applied`));
  const confDir = confFolder(env.SOMA_CONF_DIR ?? "");
  const models = await step(
    "Model",
    createModelSource({ confDir, env, wanted: env.SOMA_MODEL_PROFILE ?? "" }),
    ({ chosen, reason }) =>
      `${chosen.profile} (${chosen.isAi ? chosen.model : "a set of rules, not an AI"}): ${reason}`,
  );
  const known = { ...referencesOf(dataDir, database.ownerUrl, secrets), "gateway.port": String(wanted) };
  const names = `gateway, ${Object.keys(SUBGRAPHS).join(", ")}, worker`;
  const gateway = await step("Services", startServices(options, { known, models, lifecycle }), () => names);
  return {
    ...(await signIn(dataDir, gateway.url, secrets, loadRoles(confDir).roles)),
    port: gateway.port,
    created: database.created,
    close: lifecycle.close,
  };
}

/** Times a step of the start and tells of it. */
function timer({ onStep }: StartLocalOptions) {
  return async <T>(name: string, work: Promise<T>, describe: (result: T) => string): Promise<T> => {
    const startedAt = performance.now();
    const result = await work;
    onStep(name, describe(result), Math.round(performance.now() - startedAt));
    return result;
  };
}

interface Parts {
  /** What the settings of the mode may take; parts are added as they start. */
  known: Record<string, string>;
  models: ModelSource;
  lifecycle: Lifecycle;
}

async function startServices({ env, log }: StartLocalOptions, { known, models, lifecycle }: Parts) {
  const mode: Mode = loadMode("dev_full");
  const chosen = chooseBus({ env: toEnv(mode, env, known), hasEveryPart: true });
  const ready = Promise.withResolvers<void>();
  const bus = chosen === undefined ? undefined : holdUntil(ready.promise, chosen);
  try {
    await Promise.all(
      Object.entries(SUBGRAPHS).map(async ([name, part]) => {
        const running = await part.start({ env: toEnv(mode, env, known), bus, log, models });
        lifecycle.add(name, running.close);
        known[`part.${name}`] = running.url;
      }),
    );
  } catch (error) {
    await bus?.close();
    throw error;
  } finally {
    ready.resolve();
  }
  // Closed before the parts: what one still publishes when another no longer listens stays in its outbox.
  if (bus !== undefined) lifecycle.add("bus", bus.close);
  const missing = unknownOf(mode, known);
  if (missing.length > 0) throw new Error(`modes/dev_full.yaml takes what nothing gives: ${missing.join(", ")}`);
  const worker = await startWorker({ env: toEnv(mode, env, known), bus, log, models });
  lifecycle.add("worker", worker.close);
  const gateway = await startGateway({ env: toEnv(mode, env, known), log });
  lifecycle.add("gateway", gateway.close);
  return gateway;
}

/** Leaves the address and a token in the data folder, for the command line. */
async function signIn(
  dataDir: string,
  url: string,
  { user }: Secrets,
  roles: object,
): Promise<Pick<Local, "url" | "token" | "signInLink">> {
  const identity = await createDevIdentity({ privateJwk: user.privateKey, publicJwk: user.publicKey });
  const principal: Principal = { ...DEVELOPER, roles: Object.keys(roles), service: null };
  const token = await identity.issueAccessToken(principal, CLI_TOKEN_S);
  await writeRuntime(dataDir, { pid: process.pid, url, startedAt: new Date().toISOString() }, { token });
  return { url, token, signInLink: () => askForLink(url, token) };
}

/** The gateway makes the link and remembers which was used, so it is asked as everybody asks it. */
async function askForLink(url: string, token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(new URL("/auth/link", url), { method: "POST", headers });
  const body: unknown = await response.json().catch(() => undefined);
  if (isRecord(body) && typeof body.link === "string") return body.link;
  throw new Error(`${url} gave no sign-in link: it answered ${response.status}`);
}
