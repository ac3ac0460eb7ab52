import { JOBS, type Listed, PARTS, SUBGRAPHS } from "./list-settings.ts";
import { PROGRAMS } from "./programs.ts";

/** What stands outside of a release, and the settings whose readers connect to it. */
const OUTSIDE = {
  postgres: ["DATABASE_URL", "WORKER_DATABASE_URL", "OWNER_DATABASE_URL"],
  kafka: ["SOMA_KAFKA_BROKERS"],
  redis: ["SOMA_GATEWAY_REDIS_URL"],
  collector: ["OTEL_EXPORTER_OTLP_ENDPOINT"],
  issuer: ["SOMA_OIDC_JWKS_URL"],
  somabrain: ["SOMA_BASE_URL"],
  models: ["SOMA_MODEL_BASE_URL"],
  web: ["SOMA_HTTP_FETCH_ALLOW"],
} as const;

export const OUTSIDERS = Object.keys(OUTSIDE) as (keyof typeof OUTSIDE)[];

type Part = keyof typeof PROGRAMS;
const KNOWN: readonly Part[] = [...PARTS, ...JOBS];

/** Who keeps its events is told nothing of Kafka. */
const isKept = (env: string, part: Part): boolean =>
  /^SOMA_KAFKA_/.test(env) && PROGRAMS[part].set?.SOMA_EVENT_BUS === "hold";

/** The settings of each part and job in a cluster, by name: whoever reads one is given it, and nobody else. */
export function toReaders(settings: readonly Listed[]): Record<string, string[]> {
  return Object.fromEntries(
    settings
      .map(({ env, readBy }) => [env, KNOWN.filter((part) => readBy.includes(part) && !isKept(env, part))] as const)
      .filter(([, readers]) => readers.length > 0),
  );
}

export interface Edges {
  /** Subgraphs it asks. */
  calls: string[];
  /** What it connects to outside of the release. */
  uses: string[];
}

/** Who connects to whom. Nothing is listed by hand: who reads an address may go there, and nobody else. */
export function toServiceGraph(settings: readonly Listed[]): Record<string, Edges> {
  const readers = toReaders(settings);
  const reads = (part: Part, names: readonly string[]): boolean => names.some((name) => readers[name]?.includes(part));
  const edgesOf = (part: Part): Edges => ({
    calls: SUBGRAPHS.filter((name) => reads(part, [`SOMA_SUBGRAPH_${name.toUpperCase()}_URL`])),
    uses: OUTSIDERS.filter((name) => reads(part, OUTSIDE[name])),
  });
  return Object.fromEntries(KNOWN.map((part) => [part, edgesOf(part)]));
}
