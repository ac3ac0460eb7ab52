import { integer, text, url } from "./config.ts";
import type { FindFaults } from "./http/readiness.ts";
import { keySettings } from "./identity/key-settings.ts";

/** Of whoever serves others. */
export const bindHost = text({ env: "SOMA_BIND_HOST", doc: "address a part listens on", default: "127.0.0.1" });

/** Of whoever reads the files that operators set. */
export const confDir = text({
  env: "SOMA_CONF_DIR",
  doc: "folder with roles.yaml, models.yaml and the other files of conf/; empty takes the shipped one",
  default: "",
});

/** Where a subgraph is asked. */
export function subgraphUrl(name: string) {
  return url(["http:", "https:"], {
    env: `SOMA_SUBGRAPH_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}_URL`,
    doc: `GraphQL endpoint of the ${name} subgraph, up to and with /graphql`,
  });
}

/** Who serves callers, in Postgres. */
export const requestDatabaseUrl = url(["postgres:", "postgresql:"], {
  env: "DATABASE_URL",
  doc: "Postgres as role soma_request",
  secret: true,
});

/** Who works off what waits, in Postgres. */
export const workerDatabaseUrl = url(["postgres:", "postgresql:"], {
  env: "WORKER_DATABASE_URL",
  doc: "Postgres as role soma_worker; a direct connection, since locks are held on it",
  secret: true,
});

/** Settings every subgraph has; a subgraph's config.ts adds its own beside them. `schema` is its Postgres schema. */
export function commonSettings(schema: string) {
  return {
    host: bindHost,
    port: integer({
      env: `SOMA_${schema.toUpperCase()}_PORT`,
      doc: `port the ${schema} subgraph listens on; 0 takes a free one`,
      default: 0,
      min: 0,
      max: 65_535,
    }),
    databaseUrl: requestDatabaseUrl,
    workerDatabaseUrl,
    schema: text({
      env: `SOMA_${schema.toUpperCase()}_SCHEMA`,
      doc: `Postgres schema of the ${schema} subgraph`,
      default: schema,
    }),
    ...keySettings("internalVerifyKey"),
  };
}

/** Settings of a subgraph with an outbox. */
export const outboxSettings = {
  outboxMaxRows: integer({
    env: "SOMA_OUTBOX_MAX_ROWS",
    doc: "events of one subgraph that may wait to be published; with more it begins nothing new, and says UNAVAILABLE",
    default: 1_000_000,
    min: 100,
    max: 100_000_000,
  }),
};

/** What a started part hands back to whoever started it. */
export interface Running {
  /** GraphQL endpoint of the part. */
  url: string;
  findFaults: FindFaults;
  close(): Promise<void>;
}
