import { createPrincipalVerifier } from "@soma/shared/identity/internal-token";
import type { Principal } from "@soma/shared/identity/principal";
import { createLog } from "@soma/shared/log";
import { aPrincipal, createKeys } from "@soma/shared/testing/principals";
import { type Client, createClient } from "graphql-ws";
import { WebSocket } from "ws";
import type { GatewayLoad } from "../app.ts";
import { createDevIdentity, type DevIdentity } from "../ground/dev-identity.ts";
import type { GatewayLimits } from "../ground/limits.ts";
import { type BareSocket, type BareSocketOptions, openBareSocket } from "./bare-socket.ts";
import { openDenoGateway } from "./deno-lab.ts";
import { type InProcess, type LabSeen, openLabGateway, type PlainOptions } from "./lab-gateway.ts";
import { composeLab, type LabState, startLabRuns, startLabTools } from "./lab-subgraphs.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers of ad hoc documents
type Answer = { status: number; headers: Headers; data: any; errors: any[] };

export interface Lab {
  url: string;
  wsUrl: string;
  state: LabState;
  identity: DevIdentity;
  subgraphUrls: Record<"runs" | "tools", string>;
  load(): Promise<GatewayLoad>;
  /** What else the gateway tells: its log, what it holds, whom it refused. */
  seen(): Promise<LabSeen>;
  /** The metrics of the gateway's process. */
  metrics(): Promise<string>;
  token(changes?: Partial<Principal>, ttlSeconds?: number): Promise<string>;
  /** One operation over HTTP, signed in unless headers say otherwise. */
  post(payload: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** A graphql-ws client, signed in unless told otherwise. */
  connect(token?: string): Client;
  /** A bare WebSocket after its introduction, for what a well-behaved client does not do. */
  openSocket(options?: BareSocketOptions): Promise<BareSocket>;
  stopRuns(): Promise<void>;
  startRuns(): Promise<void>;
  /** Closes the gateway alone, as at a deploy. */
  closeGateway(): Promise<void>;
  close(): Promise<void>;
}

/** Tests ask more in a second than people do. */
const PATIENT: Partial<GatewayLimits> = { allowance: 100_000 };

const supergraphSdl = composeLab();

/** Where the gateway of a lab may run: it serves the same on each, as the same cases show. */
export const RUNTIMES = ["Node", "Deno"] as const;
type Runtime = (typeof RUNTIMES)[number];

type LabOptions = PlainOptions & ({ on?: Runtime; inProcess?: never } | { on?: "Node"; inProcess: InProcess });

/** A gateway on a free port over two real subgraphs. */
export async function createLab(given: Partial<GatewayLimits> = {}, options: LabOptions = {}): Promise<Lab> {
  const limits = { ...PATIENT, ...given };
  const silent = createLog({ level: "silent", service: "subgraph" });
  const [internal, user] = await Promise.all([createKeys(), createKeys()]);
  const verify = createPrincipalVerifier(internal.publicKey);
  const wakers = new Set<() => void>();
  const steps: number[] = [];
  const state: LabState & { wakers: Set<() => void> } = {
    seen: [],
    titles: new Map(),
    steps,
    open: 0,
    invoked: [],
    slow: 0,
    abandoned: 0,
    wakers,
    publish() {
      steps.push(steps.length + 1);
      for (const wake of wakers) wake();
    },
  };
  let runs = await startLabRuns(state, { verify, log: silent });
  const tools = await startLabTools(state, { verify, log: silent });
  const keys = { privateJwk: user.privateKey, publicJwk: user.publicKey };
  const identity = createDevIdentity(keys);
  const urls = { runs: runs.url, tools: tools.url };
  const { on = "Node", inProcess, ...plain } = options;
  const spec = { supergraphSdl, urls, limits, internalKey: internal.privateKey, user: keys, options: plain };
  const gateway = on === "Deno" ? await openDenoGateway(spec) : await openLabGateway(spec, { identity, ...inProcess });
  const wsUrl = `${gateway.url.replace("http", "ws")}/graphql`;
  const clients: Client[] = [];
  const token: Lab["token"] = (changes, ttlSeconds = 60) => identity.issueAccessToken(aPrincipal(changes), ttlSeconds);

  return {
    url: gateway.url,
    wsUrl,
    state,
    identity,
    subgraphUrls: urls,
    load: async () => (await gateway.seen()).load,
    seen: gateway.seen,
    metrics: gateway.metrics,
    token,
    async post(payload, headers) {
      const response = await fetch(`${gateway.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", ...(headers ?? { authorization: `Bearer ${await token()}` }) },
        body: typeof payload === "string" ? payload : JSON.stringify(payload),
      });
      const { data, errors = [] } = (await response.json()) as Answer;
      return { status: response.status, headers: response.headers, data, errors };
    },
    connect(given) {
      const connectionParams = async () => ({ token: given ?? (await token()) });
      const client = createClient({
        url: wsUrl,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams,
        lazyCloseTimeout: 2_000,
      });
      clients.push(client);
      return client;
    },
    openSocket: async (socketOptions = {}) =>
      openBareSocket(
        wsUrl,
        socketOptions.init === undefined ? { token: await token() } : socketOptions.init,
        socketOptions,
      ),
    stopRuns: () => runs.close(),
    async startRuns() {
      runs = await startLabRuns(state, { verify, log: silent, port: Number(new URL(runs.url).port) });
    },
    closeGateway: gateway.close,
    async close() {
      for (const client of clients) client.terminate();
      await gateway.close();
      await Promise.all([runs.close(), tools.close()]);
    },
  };
}

interface Reading {
  // biome-ignore lint/suspicious/noExplicitAny: answers of ad hoc documents
  results: any[];
  /** Undefined while it runs; "complete", or what the library reports. */
  ended: unknown;
  stop(): void;
}

/** Reads one operation of a graphql-ws client into arrays. */
export function read(client: Client, query: string, variables: Record<string, unknown> = {}): Reading {
  const reading: Reading = { results: [], ended: undefined, stop: () => {} };
  reading.stop = client.subscribe(
    { query, variables },
    {
      next: (result) => void reading.results.push(result),
      error: (error) => {
        reading.ended = error;
      },
      complete: () => {
        reading.ended ??= "complete";
      },
    },
  );
  return reading;
}
