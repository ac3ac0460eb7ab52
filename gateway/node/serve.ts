import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { SomaError } from "@soma/shared/errors";
import { createLifecycle } from "@soma/shared/lifecycle";
import type { Log } from "@soma/shared/log";
import type { Gateway } from "../app.ts";
import { DEFAULT_LIMITS, type GatewayLimits } from "../ground/limits.ts";
import { observe } from "./observe.ts";
import { serveSockets } from "./serve-sockets.ts";

export interface ServeOptions {
  host: string;
  /** 0 takes a free port. */
  port: number;
  log: Log;
  limits?: Partial<GatewayLimits>;
  /** Closes what the gateway used, when nothing uses it any more. */
  afterClose?: () => Promise<void>;
}

export interface Served {
  /** Base URL of everything that is served. */
  url: string;
  port: number;
  close(): Promise<void>;
}

/** Milliseconds a request may take to arrive. */
const REQUEST_MS = 30_000;

/** Puts a gateway behind a port: HTTP by @hono/node-server, WebSockets by ws. Closing drains the gateway first. */
export async function serveGateway(gateway: Gateway, options: ServeOptions): Promise<Served> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const lifecycle = createLifecycle(options.log, limits.drainMs + 3_000);
  const server = await listen(gateway, options);
  const { port } = server.address() as AddressInfo;
  if (options.afterClose !== undefined) lifecycle.add("what it used", options.afterClose);
  lifecycle.add("http", () => stop(server));
  lifecycle.add("sockets", serveSockets(server, gateway, { log: options.log, limits }));
  lifecycle.add("operations", gateway.close);
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return { url: `http://${host}:${port}`, port, close: lifecycle.close };
}

function listen(gateway: Gateway, { host, port }: ServeOptions): Promise<Server> {
  return new Promise((resolve, reject) => {
    const serverOptions = { requestTimeout: REQUEST_MS };
    const server = serve({ fetch: observe(gateway), hostname: host, port, serverOptions }, () =>
      resolve(server),
    ) as Server<typeof IncomingMessage>;
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
