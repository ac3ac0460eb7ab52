import { parseArgs } from "node:util";
import { loadMode, toEnv } from "@soma/conf/modes";
import { chooseBus } from "@soma/shared/bus/choose-bus";
import { readDeployMode } from "@soma/shared/deploy-mode";
import { openOperatorDoor } from "@soma/shared/http/operator-door";
import { createPrincipalSigner } from "@soma/shared/identity/internal-token";
import { createLifecycle } from "@soma/shared/lifecycle";
import { onCrash, readProcessSettings, untilStopped } from "@soma/shared/run-main";
import { startTelemetry } from "@soma/shared/start-telemetry";
import { dataDirOf } from "./data-dir-of.ts";
import { migrateSchemas, referencesOf, startDatabase } from "./database.ts";
import { DEVELOPER } from "./developer.ts";
import { openLogFile } from "./log-file.ts";
import { SUBGRAPHS } from "./parts.ts";
import { takeDataDir } from "./runtime-file.ts";
import { loadSecrets } from "./secrets.ts";

/**
 * `npm run part -- NAME [--data DIR]`: one subgraph by itself, on the database and with the keys of a data folder, and a
 * token to ask it with. Its events stay in the outbox; the next `npm start` on the folder publishes them.
 */
const TOKEN_S = 3_600;
/** Longer than PostgreSQL may take to stop. */
const CLOSE_MS = 25_000;

async function main(): Promise<void> {
  const { name, dataDir } = readOptions();
  const part = SUBGRAPHS[name];
  if (part === undefined)
    throw new Error(`there is no part "${name}"; there are ${Object.keys(SUBGRAPHS).join(", ")}. For all: npm start`);
  const given = { ...process.env, SOMA_EVENT_BUS: process.env.SOMA_EVENT_BUS || "hold" };
  readDeployMode(given, { only: "dev_full" });
  const { log } = openLogFile(dataDir, name);
  const bus = chooseBus({ env: given, log, hasEveryPart: false });
  const lifecycle = createLifecycle(log, CLOSE_MS);
  try {
    lifecycle.add("data folder", (await takeDataDir(dataDir)).release);
    const { otlpEndpoint, metricsHost, metricsPort } = readProcessSettings(process.env);
    const telemetry = await startTelemetry({ service: name, otlpEndpoint });
    lifecycle.add("telemetry", telemetry.close);
    const secrets = await loadSecrets(dataDir);
    const { ownerUrl } = await startDatabase(dataDir, secrets, { lifecycle, log, say });
    await migrateSchemas(ownerUrl, secrets.postgres, [name]);
    const env = toEnv(loadMode("dev_full"), given, referencesOf(dataDir, ownerUrl, secrets));
    const running = await part.start({ env, log, bus });
    lifecycle.add(name, running.close);
    const door = await openOperatorDoor({ [name]: running.findFaults }, { host: metricsHost, port: metricsPort });
    lifecycle.add("metrics", door.close);
    log.info({ url: `${door.url}/metrics` }, "metrics are served");
    onCrash(log, lifecycle.close);
    const sign = createPrincipalSigner(secrets.internal.privateKey, "soma-part", TOKEN_S);
    report(name, running.url, await sign({ ...DEVELOPER, roles: ["assistant"], service: null }));
    await untilStopped();
  } finally {
    await lifecycle.close();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function readOptions(): { name: string; dataDir: string } {
  const { values, positionals } = parseArgs({ options: { data: { type: "string" } }, allowPositionals: true });
  const [name = "", ...more] = positionals;
  if (name === "" || more.length > 0)
    throw new Error(
      `say which part: npm run part -- NAME [--data DIR]; there are ${Object.keys(SUBGRAPHS).join(", ")}`,
    );
  return { name, dataDir: dataDirOf(values.data, process.env) };
}

function report(name: string, url: string, token: string): void {
  process.stdout.write(`
The subgraph "${name}" serves ${url}
Its events stay in the outbox until \`npm start\` runs on the same data folder.

  TOKEN=${token}
  curl ${url} -H "authorization: Bearer $TOKEN" -H "content-type: application/json" -d '{"query":"{ __typename }"}'

The token is good for an hour. Stop with Ctrl-C.
`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
