import type { Tool } from "@soma/sdk/define-tool";
import type { EventBus } from "@soma/shared/bus/event-bus";
import { createLocalBus } from "@soma/shared/bus/local-bus";
import { createServiceClient, type ServiceClient } from "@soma/shared/graphql/service-client";
import { createPrincipalSigner } from "@soma/shared/identity/internal-token";
import { createSilentLog } from "@soma/shared/log";
import { startTools } from "../main.ts";
import type { ToolsFixture } from "./fixture.ts";

/** Settings of a tools process that belongs to a fixture. */
export function envOf(fixture: ToolsFixture): Record<string, string> {
  return {
    DATABASE_URL: fixture.database.urls.request,
    WORKER_DATABASE_URL: fixture.database.urls.worker,
    SOMA_TOOLS_SCHEMA: fixture.database.schema,
    SOMA_INTERNAL_VERIFY_KEY: JSON.stringify(fixture.keys.publicKey),
    SOMA_DECISION_VERIFY_KEY: JSON.stringify(fixture.keys.publicKey),
    SOMA_DATA_DIR: fixture.dataDir,
  };
}

/** A client of a tools process that signs as the fixture's gateway. */
export async function clientOf(fixture: ToolsFixture, url: string): Promise<ServiceClient> {
  return createServiceClient({
    peer: "tools",
    url,
    sign: createPrincipalSigner(fixture.keys.privateKey, "soma-gateway"),
  });
}

export interface Served {
  url: string;
  client: ServiceClient;
  bus: EventBus;
  close(): Promise<void>;
}

/** The whole subgraph in this process, over HTTP. */
export async function serve(
  fixture: ToolsFixture,
  changes: { env?: Record<string, string>; moreTools?: readonly Tool[] } = {},
): Promise<Served> {
  const bus = createLocalBus();
  const { env = {}, moreTools = [] } = changes;
  const running = await startTools({
    env: { ...envOf(fixture), ...env },
    bus,
    log: createSilentLog(),
    moreTools: () => moreTools,
  });
  return {
    url: running.url,
    client: await clientOf(fixture, running.url),
    bus,
    async close() {
      await running.close();
      await bus.close();
    },
  };
}

/** A document of a test as the service client takes it. */
export function document<R, V = Record<string, never>>(
  text: string,
): { toString(): string; __apiType?: (variables: V) => R } {
  return { toString: () => text };
}
