import { type Listening, listen } from "@soma/shared/http/listen";
import { createLifecycle } from "@soma/shared/lifecycle";
import type { Log } from "@soma/shared/log";
import type { Gateway } from "../app.ts";
import { DEFAULT_LIMITS, type GatewayLimits } from "../ground/limits.ts";
import { boundWaiting } from "./bound-waiting.ts";
import { observe } from "./observe.ts";
import { serveSockets } from "./serve-sockets.ts";

interface ServeOptions {
  host: string;
  /** 0 takes a free port. */
  port: number;
  log: Log;
  limits?: Partial<GatewayLimits>;
  /** Closes what the gateway used, when nothing uses it any more. */
  afterClose?: () => Promise<void>;
}

type Served = Pick<Listening, "url" | "port" | "close">;

/** Puts a gateway behind a port: HTTP and WebSockets. Closing drains the gateway first. */
export async function serveGateway(gateway: Gateway, options: ServeOptions): Promise<Served> {
  const { host, port, log, afterClose } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const lifecycle = createLifecycle(log, limits.drainMs + 3_000);
  const observed = observe(gateway);
  const listening = await listen(observed.fetch, { host, port, portSetting: "SOMA_GATEWAY_PORT" });
  lifecycle.add("metrics", observed.stop);
  if (afterClose !== undefined) lifecycle.add("what it used", afterClose);
  lifecycle.add("http", listening.close);
  boundWaiting(listening.server, { limits, unread: gateway.unread });
  const sockets = serveSockets(listening.server, gateway, { log, limits });
  lifecycle.add("sockets", sockets.close);
  lifecycle.add("operations", gateway.close);
  return { url: listening.url, port: listening.port, close: lifecycle.close };
}
