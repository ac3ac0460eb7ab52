import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { SomaError } from "../errors.ts";

export interface ListenOptions {
  host: string;
  /** 0 takes a free port. */
  port: number;
  /** Setting that chooses the port, for the message when it is taken. */
  portSetting: string;
}

export interface Listening {
  server: Server;
  /** Base URL of everything that is served. */
  url: string;
  port: number;
  /** Takes nothing new, lets requests in flight finish for three seconds, then ends what is left. */
  close(): Promise<void>;
}

export type Fetch = (request: Request) => Promise<Response>;

/** Milliseconds a request may take to arrive, its head may, and between two looks at who takes longer. */
const REQUEST_MS = 30_000;
const HEAD_MS = 10_000;
const LOOK_MS = 2_000;
/** Longer than any client of ours keeps an idle connection: the server must not close one that is just being used again. */
const KEEP_ALIVE_MS = 65_000;
const GRACE_MS = 3_000;

/** Puts a fetch function behind a port. Throws UNAVAILABLE when the port cannot be had. */
export async function listen(fetch: Fetch, options: ListenOptions): Promise<Listening> {
  const server = await open(fetch, options);
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return { server, url: `http://${host}:${port}`, port, close: () => stop(server) };
}

function open(fetch: Fetch, { host, port, portSetting }: ListenOptions): Promise<Server> {
  return new Promise((resolve, reject) => {
    const options = {
      fetch,
      hostname: host,
      port,
      serverOptions: {
        requestTimeout: REQUEST_MS,
        headersTimeout: HEAD_MS,
        connectionsCheckingInterval: LOOK_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
      },
    };
    const server = serve(options, () => resolve(server)) as Server<typeof IncomingMessage>;
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const taken = `port ${port} on ${host} is taken by another program; stop it or choose another one with ${portSetting}`;
      const message = cause.code === "EADDRINUSE" ? taken : `cannot listen on ${host}:${port}: ${cause.message}`;
      reject(new SomaError("UNAVAILABLE", message, { cause }));
    });
  });
}

async function stop(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const stragglers = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await closed;
  clearTimeout(stragglers);
}
