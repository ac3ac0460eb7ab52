import { lookup } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Check } from "@soma/shared/http/readiness";
import { createPrincipalSigner } from "@soma/shared/identity/internal-token";
import { openKeys } from "@soma/shared/identity/open-keys";
import { createLifecycle, type Lifecycle } from "@soma/shared/lifecycle";
import type { Log } from "@soma/shared/log";
import { runMain } from "@soma/shared/run-main";
import type { Running } from "@soma/shared/subgraph-settings";
import { createGateway, type GatewayOptions } from "./app.ts";
import { readGatewayConfig } from "./config.ts";
import { isLoopback } from "./doors/hosts.ts";
import { countRefusal } from "./node/count-refusals.ts";
import { openIdentity } from "./node/open-identity.ts";
import { readRegisteredDocuments } from "./node/read-documents.ts";
import { createStaticReader } from "./node/read-static.ts";
import { openRedisCallerBounds } from "./node/redis-caller-bounds.ts";
import { serveGateway } from "./node/serve.ts";
import { createUndiciSend } from "./node/undici-send.ts";
import { readSubgraphNames } from "./upstream/read-subgraph-names.ts";

interface StartGatewayDeps {
  env: Record<string, string | undefined>;
  log: Log;
  /** What must be there for the product to be ready, beside its parts. */
  checks?: Readonly<Record<string, Check>>;
}

/** The gateway on Node. `url` is the base URL of everything it serves. */
export async function startGateway(deps: StartGatewayDeps): Promise<Running & { port: number }> {
  const supergraphSdl = await readFile(new URL("../graphql/supergraph.graphql", import.meta.url), "utf8");
  const config = readGatewayConfig(deps.env, readSubgraphNames(supergraphSdl));
  const log = deps.log.child({ part: "gateway" });
  const lifecycle = createLifecycle(log);
  try {
    const gateway = createGateway({
      ...(await readOptions(config)),
      ...(await openUsed(config, { log, lifecycle, checks: deps.checks ?? {} })),
      supergraphSdl,
      log,
    });
    const { host, port } = config;
    const served = await serveGateway(gateway, { host, port, log, afterClose: lifecycle.close });
    return { ...served, findFaults: gateway.findFaults };
  } catch (error) {
    await lifecycle.close().catch(() => {});
    throw error;
  }
}

type Config = ReturnType<typeof readGatewayConfig>;

/** What the settings and the files they name say once. */
async function readOptions(config: Config) {
  // As it is listened on: 127.1 and the name of this machine are loopback, too. What cannot be looked up cannot be listened on.
  const { address } = await lookup(config.host);
  return {
    urls: config.urls,
    signInCommand: config.signInCommand,
    readStatic: createStaticReader(
      config.webuiDir === "" ? fileURLToPath(new URL("../webui/dist/", import.meta.url)) : config.webuiDir,
    ),
    documents: await readRegisteredDocuments({ file: config.documentsFile, only: config.documents === "registered" }),
    introspection: config.introspection === "on",
    corsOrigins: config.corsOrigins,
    ...(isLoopback(address) || config.allowedHosts.length > 0 ? { hosts: config.allowedHosts } : {}),
    onRefused: countRefusal,
  } satisfies Partial<GatewayOptions>;
}

/** What is open while it runs: ways to the subgraphs, keys that are followed, Redis. */
async function openUsed(
  config: Config,
  { log, lifecycle, checks }: { log: Log; lifecycle: Lifecycle; checks: NonNullable<StartGatewayDeps["checks"]> },
) {
  const [subgraphs, probes] = [createUndiciSend(), createUndiciSend()];
  lifecycle.add("ways to the subgraphs", async () => void (await Promise.all([subgraphs.close(), probes.close()])));
  const following = { log, lifecycle };
  const keys = await openKeys(config, "internalSigningKey", following);
  const { checks: ofIdentity, ...identity } = await openIdentity(config, following);
  const callers = config.redisUrl === "" ? undefined : await openRedisCallerBounds({ url: config.redisUrl, log });
  if (callers !== undefined) lifecycle.add("bounds of callers", callers.close);
  return {
    ...identity,
    sign: createPrincipalSigner(keys, "soma-gateway"),
    send: subgraphs.send,
    probe: probes.send,
    checks: { ...checks, ...ofIdentity },
    ...(callers === undefined ? {} : { callers }),
  } satisfies Partial<GatewayOptions>;
}

if (import.meta.main) await runMain("gateway", startGateway, { publishes: false });
