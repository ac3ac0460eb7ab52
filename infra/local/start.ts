import { join } from "node:path";
import { loadMode, type Mode, toEnv, unknownOf } from "@soma/conf/modes";
import { confFolder } from "@soma/conf/read-conf";
import { loadRoles } from "@soma/conf/roles";
import { createDevIdentity } from "@soma/gateway/dev-identity";
import { startGateway } from "@soma/gateway/main";
import { askForSignInLink } from "@soma/graphql/sign-in-link";
import { readModelConfig } from "@soma/runs/config";
import type { ModelSource } from "@soma/runs/models";
import { followModels } from "@soma/runs/models/follow";
import { type RunningWorker, startWorker } from "@soma/runs/worker";
import { lifeOf } from "@soma/schemas/process-life";
import { chooseBus } from "@soma/shared/bus/choose-bus";
import { holdUntil } from "@soma/shared/bus/hold-until";
import { readDeployMode } from "@soma/shared/deploy-mode";
import { SomaError } from "@soma/shared/errors";
import { openOperatorDoor } from "@soma/shared/http/operator-door";
import { type Check, checkOf, type FindFaults } from "@soma/shared/http/readiness";
import type { Principal } from "@soma/shared/identity/principal";
import { createLifecycle, type Lifecycle } from "@soma/shared/lifecycle";
import type { Log } from "@soma/shared/log";
import { readProcessSettings } from "@soma/shared/run-main";
import { startTelemetry } from "@soma/shared/start-telemetry";
import { migrateSchemas, migrateTables, referencesOf, startDatabase } from "./database.ts";
import { DEVELOPER } from "./developer.ts";
import { createDiskCheck } from "./disk-space.ts";
import { launchWorker } from "./first-minutes/launch-worker.ts";
import { loadSamples } from "./first-minutes/samples.ts";
import { type KeptWorker, keepWorker } from "./first-minutes/worker-process.ts";
import { SCHEMAS, SUBGRAPHS, type SubgraphPart } from "./parts.ts";
import { openProject, type Project } from "./project/open-project.ts";
import { takeDataDir, writeRuntime } from "./runtime-file.ts";
import { loadSecrets, type Secrets } from "./secrets.ts";
import { prepareKafka } from "./topics/prepare-kafka.ts";
import { buildWebPage } from "./web-page.ts";

export interface StartLocalOptions {
  dataDir: string;
  /** Asked once the data folder is ours. */
  choosePort(): Promise<number>;
  env: Record<string, string | undefined>;
  log: Log;
  /** Folder of somebody's own agents and tools. */
  projectDir?: string | undefined;
  /** Whether there are sample agents, and a worker process that may be killed; not when left out. */
  firstMinutes?: boolean;
  /** Told when a part is up, with the milliseconds it took. */
  onStep(name: string, detail: string, ms: number): void;
  /** Told what people should know while it runs. */
  say(line: string): void;
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
  /** The worker process that may be killed, not started yet; undefined where there is none. */
  worker: KeptWorker | undefined;
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
    await lifecycle.close().catch(() => {});
    throw error;
  }
}

async function startAll(options: StartLocalOptions, lifecycle: Lifecycle): Promise<Local> {
  const { dataDir, env } = options;
  readDeployMode(env, { only: "dev_full" });
  const step = timer(options);
  const owned = await takeDataDir(dataDir);
  lifecycle.add("data folder", owned.release);
  const wanted = await options.choosePort();
  const { otlpEndpoint, metricsHost, metricsPort } = readProcessSettings(env);
  const modelConfig = readModelConfig(env);
  const telemetry = await startTelemetry({ service: "soma", otlpEndpoint });
  lifecycle.add("telemetry", telemetry.close);
  const secrets = await loadSecrets(dataDir);
  const project = await findProject(options, step);
  if (project !== undefined) lifecycle.add("project", project.close);
  const own = options.firstMinutes === true ? await loadSamples() : project;

  const database = await step(
    "PostgreSQL",
    startDatabase(dataDir, secrets, { lifecycle, log: options.log, say: options.say }),
    ({ created, port, elsewhere }) =>
      `${created ? "created" : "opened"} ${dataDir}/pg on 127.0.0.1:${port}${elsewhere === undefined ? "" : `, as ${elsewhere}`}`,
  );
  const migrating = migrateSchemas(database.ownerUrl, secrets.postgres, Object.keys(SCHEMAS));
  const tell = (count: number): string => (count === 0 ? "up to date" : `${count} applied`);
  await step("Migrations", migrating, tell);
  if (options.projectDir !== undefined)
    await step("Tables", migrateTables(database.ownerUrl, join(options.projectDir, "tables")), tell);
  const page = await findWebPage(options);
  const confDir = confFolder(env.SOMA_CONF_DIR ?? "");
  const models = await step(
    "Model",
    followModels({
      confDir: project?.modelsDir ?? confDir,
      env,
      settings: modelConfig,
      roles: Object.keys(loadRoles(confDir).roles),
      log: options.log,
      lifecycle,
      ...(own === undefined ? {} : { scenario: own.scenario }),
    }),
    ({ chosen, reason }) =>
      `${chosen.profile} (${chosen.isAi ? chosen.model : "a set of rules, not an AI"}): ${reason}`,
  );
  const known = { ...referencesOf(dataDir, database.ownerUrl, secrets), "gateway.port": String(wanted) };
  const names = `gateway, ${Object.keys(SUBGRAPHS).join(", ")}, worker`;
  const checks = {
    PostgreSQL: database.check,
    "data folder": createDiskCheck("the data folder", dataDir),
    "database folder": createDiskCheck("the database", join(dataDir, "pg")),
  };
  const kafka = await prepareKafka(options, confDir);
  const { gateway, parts, worker } = await step(
    "Services",
    startServices(
      { ...options, env: { ...env, ...kafka, SOMA_WEBUI_DIR: page } },
      { known, models, own, lifecycle, checks },
    ),
    () => names,
  );
  const door = await openOperatorDoor(parts, { host: metricsHost, port: metricsPort });
  lifecycle.add("metrics", door.close);
  options.log.info({ url: `${door.url}/metrics` }, "metrics are served");
  const urls = { url: gateway.url, operatorUrl: door.url };
  return {
    ...(await signIn(dataDir, urls, secrets, loadRoles(confDir).roles)),
    port: gateway.port,
    created: database.created,
    worker,
    close: lifecycle.close,
  };
}

/**
 * The folder of the page: the one of the settings, else the one of the project, which is built when its sources are
 * new.
 */
async function findWebPage({ env, dataDir, onStep }: StartLocalOptions): Promise<string> {
  if (env.SOMA_WEBUI_DIR) return env.SOMA_WEBUI_DIR;
  const startedAt = performance.now();
  const { folder, built } = await buildWebPage({ dataDir });
  if (built) onStep("Web page", `built into ${folder}`, performance.now() - startedAt);
  return folder;
}

async function findProject(
  { projectDir, log, say }: StartLocalOptions,
  step: ReturnType<typeof timer>,
): Promise<Project | undefined> {
  if (projectDir === undefined) return undefined;
  return step("Project", openProject(projectDir, { log, say }), (project) => `${projectDir}: ${project.describe()}`);
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
  /** Agents and tools beside those that ship: of a project, or samples. */
  own: (Pick<Project, "graphs" | "tools"> & Partial<Pick<Project, "state">>) | undefined;
  lifecycle: Lifecycle;
  /** What must be there for the product to be ready, beside its parts. */
  checks: Readonly<Record<string, Check>>;
}

async function startServices({ env, log, dataDir, firstMinutes = false }: StartLocalOptions, parts: Parts) {
  const { known, models, lifecycle, checks } = parts;
  const { graphs, tools, state } = parts.own ?? {};
  const own = { ...(graphs && { graphs }), ...(tools && { moreTools: tools }), ...(state && { project: state }) };
  const found: Record<string, FindFaults> = {};
  const mode: Mode = loadMode("dev_full");
  const chosen = chooseBus({ env: toEnv(mode, env, known), log, hasEveryPart: true });
  const ready = Promise.withResolvers<void>();
  const bus = chosen === undefined ? undefined : holdUntil(ready.promise, chosen);
  let standby: RunningWorker | undefined;
  const workerProcess = !firstMinutes
    ? undefined
    : keepWorker({
        launch: () => launchWorker({ env: toEnv(mode, env, known), dataDir }),
        async findRuns(workerId) {
          if (standby === undefined) throw new SomaError("UNAVAILABLE", "the worker of the product is not there yet");
          return standby.findRunsOf(workerId);
        },
        log,
      });
  async function startPart(name: string, part: SubgraphPart): Promise<void> {
    const running = await part.start({ env: toEnv(mode, env, known), bus, log, models, workerProcess, ...own });
    lifecycle.add(name, running.close);
    found[name] = running.findFaults;
    known[`part.${name}`] = running.url;
  }
  try {
    const { policy, ...others } = SUBGRAPHS;
    const deciding = startPart("policy", policy);
    // Tools that are asked for on the bus ask the policy themselves, by its address.
    const asks = (name: string): boolean => name === "tools" && Boolean(env.SOMA_INBOUND_TENANTS);
    const starting = Object.entries(others).map(([name, part]) =>
      asks(name) ? deciding.then(() => startPart(name, part)) : startPart(name, part),
    );
    await Promise.all([deciding, ...starting]);
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
  let isStopping = false;
  // What the worker process hands back at the end is not begun here once more.
  const mayClaim = (): boolean => !isStopping && workerProcess?.isReady() !== true;
  const worker = await startWorker({ env: toEnv(mode, env, known), bus, log, models, mayClaim, ...own });
  standby = worker;
  lifecycle.add("worker", worker.close);
  const everything = { ...checks, worker: checkOf(worker.findFaults) };
  const gateway = await startGateway({ env: toEnv(mode, env, known), log, checks: everything });
  lifecycle.add("gateway", gateway.close);
  lifecycle.add("worker process", async () => {
    isStopping = true;
    await workerProcess?.close();
  });
  const faults = { ...found, worker: worker.findFaults, gateway: gateway.findFaults };
  return { gateway, parts: faults, worker: workerProcess };
}

/** Leaves the address and a token in the data folder, for the command line. */
async function signIn(
  dataDir: string,
  { url, operatorUrl }: { url: string; operatorUrl: string },
  { user }: Secrets,
  roles: object,
): Promise<Pick<Local, "url" | "token" | "signInLink">> {
  const identity = createDevIdentity({ privateJwk: user.privateKey, publicJwk: user.publicKey });
  const principal: Principal = { ...DEVELOPER, roles: Object.keys(roles), service: null };
  const token = await identity.issueAccessToken(principal, CLI_TOKEN_S);
  const startedAt = new Date().toISOString();
  const life = await lifeOf(process.pid);
  const runtime = { pid: process.pid, ...(life === undefined ? {} : { life }), url, startedAt, operatorUrl };
  await writeRuntime(dataDir, runtime, { token });
  return { url, token, signInLink: () => signInLink(url, token) };
}

async function signInLink(url: string, token: string): Promise<string> {
  const answer = await askForSignInLink({ url, token });
  if ("link" in answer) return answer.link;
  throw new Error(`${url} gave no sign-in link: it answered ${answer.status}`);
}
