/** Runs that the first start makes, so that there is something to look at, and the idempotency key each is started under. */
export const DEMO_RUNS = {
  RECOVERED: "demo-recovered",
  DENIED: "demo-denied",
  RETRIED: "demo-retried",
} as const;

export type DemoKind = keyof typeof DEMO_RUNS;

export const DEMO_KINDS = Object.keys(DEMO_RUNS) as DemoKind[];
