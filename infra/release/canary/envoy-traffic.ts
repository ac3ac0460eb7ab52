import { randomUUID } from "node:crypto";
import { isRecord } from "@soma/schemas/json";
import { replaceFile } from "@soma/shared/replace-file";
import type { Clock } from "./clock.ts";
import { sharesOf, type Traffic } from "./traffic.ts";

interface Options {
  stable: string;
  canary: string;
  /** The file that Envoy watches. */
  file: string;
  /** The name of these routes in Envoy's own configuration. */
  routes: string;
  /** Address of Envoy's admin interface. */
  admin: string;
}

/** How long Envoy may take to have a new file. */
const TAKEN_WITHIN_MS = 5000;
const ASKED_EACH_MS = 100;

/** Weights of two clusters, which have the names of their releases, in a file of routes that Envoy follows. */
export function createEnvoyTraffic(options: Options, clock: Clock): Traffic {
  const { file, admin, routes } = options;
  return {
    async move(weight, signal) {
      // Envoy takes a file again when its version is another; two runs must not make the same one.
      const version = `${weight}-${randomUUID()}`;
      await replaceFile(file, renderRoutes(options, weight, version));
      const until = clock.now() + TAKEN_WITHIN_MS;
      while (!(await hasTaken(admin, routes, version, signal))) {
        if (clock.now() >= until || signal.aborted)
          throw new Error(`Envoy at ${admin} does not say that it has the routes of ${file}`);
        await clock.wait(ASKED_EACH_MS, signal);
      }
    },
  };
}

/** As Envoy reads a file of routes. Subscriptions last: no limit of time is put on a route, and sockets may open. */
function renderRoutes({ stable, canary, routes }: Options, weight: number, version: string): string {
  const route = {
    weighted_clusters: { clusters: sharesOf(stable, canary, weight) },
    timeout: "0s",
    upgrade_configs: [{ upgrade_type: "websocket" }],
  };
  const resource = {
    "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
    name: routes,
    virtual_hosts: [{ name: routes, domains: ["*"], routes: [{ match: { prefix: "/" }, route }] }],
  };
  return `${JSON.stringify({ version_info: version, resources: [resource] }, null, 2)}\n`;
}

async function hasTaken(admin: string, routes: string, version: string, signal: AbortSignal): Promise<boolean> {
  const address = new URL("/config_dump?resource=dynamic_route_configs", admin);
  const within = AbortSignal.any([signal, AbortSignal.timeout(TAKEN_WITHIN_MS)]);
  const answer: unknown = await fetch(address, { signal: within })
    .then((response) => response.json())
    .catch(() => undefined);
  const configs: unknown[] = isRecord(answer) && Array.isArray(answer.configs) ? answer.configs : [];
  return configs.some(
    (each) =>
      isRecord(each) &&
      each.version_info === version &&
      isRecord(each.route_config) &&
      each.route_config.name === routes,
  );
}
