import { beforeReading, durationHistogram, gauge } from "@soma/shared/metrics";
import type { Gateway } from "../app.ts";
import { JWKS_PATH } from "../doors/jwks.ts";

const requests = durationHistogram(
  "http_server_request_duration_seconds",
  "Requests a subgraph served, by route and status",
  ["service", "route", "status"],
);
const connections = gauge("gateway_websocket_connections", "WebSocket connections that are open", []);
const strangers = gauge(
  "gateway_websocket_strangers",
  "WebSocket connections that have not introduced themselves yet",
  [],
);
const unreadBytes = gauge("gateway_unread_bytes", "Bytes that wait in the gateway for clients to read them", []);
const streams = gauge("gateway_event_streams", "Answers over HTTP that go on, as text/event-stream", []);
const subscriptions = gauge("gateway_subscriptions", "Subscriptions that are open", []);
const upstreams = gauge(
  "soma_gateway_upstream_subscriptions",
  "Subscriptions that subgraphs are asked for; several clients that follow the same stream cost one",
  [],
);
const operations = gauge("gateway_operations_in_flight", "Queries and mutations under way", []);

const ROUTES = [
  "/graphql",
  "/healthz",
  "/readyz",
  "/auth/me",
  "/auth/exchange",
  "/auth/link",
  "/auth/sign-in",
  "/auth/signout",
  JWKS_PATH,
];

/** The gateway's fetch, measured. Paths that are not routes of ours share one label, so that a stranger cannot add series. */
export function observe(gateway: Gateway): { fetch: Gateway["fetch"]; stop: () => void } {
  const stop = beforeReading(() => readLoad(gateway));
  const fetch: Gateway["fetch"] = async (request) => {
    const path = new URL(request.url).pathname;
    const end = requests.startTimer({ service: "gateway", route: ROUTES.includes(path) ? path : "web" });
    const response = await gateway.fetch(request);
    end({ status: String(response.status) });
    return response;
  };
  return { fetch, stop };
}

function readLoad(gateway: Gateway): void {
  const load = gateway.load();
  connections.set(load.connections);
  strangers.set(load.strangers);
  streams.set(load.streams);
  subscriptions.set(load.subscriptions);
  upstreams.set(load.upstreams);
  operations.set(load.operations);
  unreadBytes.set(gateway.unread.bytes());
}
