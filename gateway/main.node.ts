import { readFile } from "node:fs/promises";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { serve } from "@hono/node-server";
import { SomaError, toSomaError } from "@soma/shared/errors";
import { createPrincipalSigner } from "@soma/shared/identity/internal-token";
import { createLifecycle } from "@soma/shared/lifecycle";
import { createLog, type Log } from "@soma/shared/log";
import { registry } from "@soma/shared/metrics";
import type { Running } from "@soma/shared/subgraph-settings";
import { handleProtocols } from "graphql-ws";
import { WebSocket, WebSocketServer } from "ws";
import { createGateway, type Gateway } from "./app.ts";
import { readGatewayConfig } from "./config.ts";
import { createDevIdentity, createIdentity } from "./identity.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { createStaticReader } from "./node/read-static.ts";

export interface StartGatewayDeps {
  env: Record<string, string | undefined>;
  log: Log;
}

/** The gateway on Node: HTTP by @hono/node-server, WebSockets by ws. `url` is the base URL of everything it serves. */
export async function startGateway(deps: StartGatewayDeps): Promise<Running & { port: number }> {
  const config = readGatewayConfig(deps.env);
  const log = deps.log.child({ part: "gateway" });
  const lifecycle = createLifecycle(log, 10_000);
  const { userSigningKey } = config;
  const gateway = createGateway({
    supergraphSdl: await readFile(new URL("../graphql/supergraph.graphql", import.meta.url), "utf8"),
    urls: { runs: config.runsUrl, memory: config.memoryUrl, policy: config.policyUrl, tools: config.toolsUrl },
    identity: await createIdentity(config.userVerifyKey),
    ...(userSigningKey === undefined ? {} : { devIdentity: await createDevIdentity({ privateJwk: userSigningKey, publicJwk: config.userVerifyKey }) }),
    sign: await createPrincipalSigner(config.internalSigningKey, "soma-gateway"),
    readStatic: createStaticReader(config.webuiDir === "" ? fileURLToPath(new URL("../webui/dist/", import.meta.url)) : config.webuiDir),
    metrics: async () => ({ body: await registry.metrics(), contentType: registry.contentType }),
    log,
  });
  const server = await listen(gateway, config.host, config.port);
  const { port } = server.address() as AddressInfo;
  lifecycle.add("http", () => stop(server));
  lifecycle.add("sockets", serveSockets(server, gateway, log));
  lifecycle.add("operations", gateway.close);
  return { url: `http://${config.host}:${port}`, port, close: lifecycle.close };
}

function listen(gateway: Gateway, host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: gateway.fetch, hostname: host, port }, () => resolve(server)) as Server;
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const message =
        cause.code === "EADDRINUSE"
          ? `port ${port} on ${host} is taken by another program; stop it or choose another one with SOMA_GATEWAY_PORT`
          : `the gateway cannot listen on ${host}:${port}: ${cause.message}`;
      reject(new SomaError("UNAVAILABLE", message, { cause }));
    });
  });
}

async function stop(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const stragglers = setTimeout(() => server.closeAllConnections(), 2_000);
  await closed;
  clearTimeout(stragglers);
}

/** Hands WebSockets on /graphql to the gateway; the function closes them. */
function serveSockets(server: Server, gateway: Gateway, log: Log): () => void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: DEFAULT_LIMITS.messageBytes, perMessageDeflate: false, handleProtocols });
  const alive = new WeakSet<WebSocket>();
  const heartbeat = setInterval(() => {
    for (const socket of sockets.clients) {
      if (!alive.has(socket)) socket.terminate();
      alive.delete(socket);
      socket.ping();
    }
  }, DEFAULT_LIMITS.keepAliveMs);

  server.on("upgrade", (request: IncomingMessage, duplex: Duplex, head: Buffer) => {
    const url = `http://${request.headers.host ?? "localhost"}${request.url ?? "/"}`;
    if (new URL(url).pathname !== "/graphql") return void duplex.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n");
    const headers = new Headers(
      Object.entries(request.headers).flatMap(([name, value]) => (typeof value === "string" ? [[name, value] as [string, string]] : [])),
    );
    sockets.handleUpgrade(request, duplex, head, (socket) => {
      alive.add(socket);
      socket.on("pong", () => alive.add(socket));
      socket.on("error", (error) => log.debug({ err: error }, "a socket failed"));
      try {
        const closed = gateway.accept(adapt(socket), { url, headers });
        socket.once("close", (code, reason) => void closed(code, reason.toString()));
      } catch (error) {
        socket.close(toSomaError(error).code === "FORBIDDEN" ? 4403 : 1013, toSomaError(error).publicMessage.slice(0, 120));
      }
    });
  });

  return () => {
    clearInterval(heartbeat);
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
  };
}

function adapt(socket: WebSocket): Parameters<Gateway["accept"]>[0] {
  return {
    protocol: socket.protocol,
    send: (text) =>
      new Promise((resolve, reject) => {
        if (socket.readyState !== WebSocket.OPEN) return resolve();
        socket.send(text, (error) => (error === null || error === undefined ? resolve() : reject(error)));
      }),
    close: (code, reason) => socket.close(code, reason),
    onMessage: (listener) => void socket.on("message", (data) => void listener(String(data))),
  };
}

if (import.meta.main) {
  const log = createLog({ level: process.env.SOMA_LOG_LEVEL ?? "info", service: "gateway" });
  const running = await startGateway({ env: process.env, log });
  log.info({ url: running.url }, "the gateway is ready");
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => running.close());
}
