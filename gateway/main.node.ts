import { lookup } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Check } from "@soma/shared/http/readiness";
import { createPrincipalSigner } from "@soma/shared/identity/internal-token";
import type { Log } from "@soma/shared/log";
import { runMain } from "@soma/shared/run-main";
import type { Running } from "@soma/shared/subgraph-settings";
import { createGateway, type GatewayOptions } from "./app.ts";
import { readGatewayConfig } from "./config.ts";
import { isLoopback } from "./doors/hosts.ts";
import { createDevIdentity, createIdentity } from "./ground/identity.ts";
import { countRefusal } from "./node/count-refusals.ts";
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
  const { userSigningKey, userVerifyKey } = config;
  // As it is listened on: 127.1 and the name of this machine are loopback, too. What cannot be looked up cannot be listened on.
  const { address } = await lookup(config.host);
  const subgraphs = createUndiciSend();
  const probes = createUndiciSend();
  const options: GatewayOptions = {
    supergraphSdl,
    urls: config.urls,
    identity: await createIdentity(userVerifyKey),
    ...(userSigningKey === undefined
      ? {}
      : { devIdentity: await createDevIdentity({ privateJwk: userSigningKey, publicJwk: userVerifyKey }) }),
    signInCommand: config.signInCommand,
    sign: await createPrincipalSigner(config.internalSigningKey, "soma-gateway"),
    readStatic: createStaticReader(
      config.webuiDir === "" ? fileURLToPath(new URL("../webui/dist/", import.meta.url)) : config.webuiDir,
    ),
    checks: deps.checks ?? {},
    send: subgraphs.send,
    probe: probes.send,
    documents: await readRegisteredDocuments({ file: config.documentsFile, only: config.documents === "registered" }),
    introspection: config.introspection === "on",
    corsOrigins: config.corsOrigins,
    ...(isLoopback(address) || config.allowedHosts.length > 0 ? { hosts: config.allowedHosts } : {}),
    onRefused: countRefusal,
    log,
  };
  const callers = config.redisUrl === "" ? undefined : await openRedisCallerBounds({ url: config.redisUrl, log });
  const afterClose = async (): Promise<void> =>
    void (await Promise.all([subgraphs.close(), probes.close(), callers?.close()]));
  try {
    const gateway = createGateway({ ...options, ...(callers === undefined ? {} : { callers }) });
    const { host, port } = config;
    const served = await serveGateway(gateway, { host, port, log, afterClose });
    return { ...served, findFaults: gateway.findFaults };
  } catch (error) {
    await afterClose();
    throw error;
  }
}

if (import.meta.main) await runMain("gateway", startGateway, { publishes: false });
