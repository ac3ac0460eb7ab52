import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** One registry per process; subgraphs that share a process share it. */
export const registry = new Registry();
collectDefaultMetrics({ register: registry });

/** Seconds; holds the promised thresholds of 0.2 s and 5 s. */
const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60];

const readers = new Set<() => void>();

/** Calls before each reading, for what is only known when it is asked for, until the function it gives is called. */
export function beforeReading(set: () => void): () => void {
  readers.add(set);
  return () => void readers.delete(set);
}

/** Everything this process counts, in the text of Prometheus. */
export async function readMetrics(): Promise<{ body: string; contentType: string }> {
  for (const set of readers) set();
  return { body: await registry.metrics(), contentType: registry.contentType };
}

export function counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
  return (
    (registry.getSingleMetric(name) as Counter<L> | undefined) ??
    new Counter({ name, help, labelNames, registers: [registry] })
  );
}

export function gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
  return (
    (registry.getSingleMetric(name) as Gauge<L> | undefined) ??
    new Gauge({ name, help, labelNames, registers: [registry] })
  );
}

export function durationHistogram<L extends string>(
  name: string,
  help: string,
  labelNames: readonly L[],
): Histogram<L> {
  return histogram(name, help, { labelNames, buckets: DURATION_BUCKETS });
}

export function histogram<L extends string>(
  name: string,
  help: string,
  options: { labelNames: readonly L[]; buckets: number[] },
): Histogram<L> {
  const existing = registry.getSingleMetric(name) as Histogram<L> | undefined;
  return existing ?? new Histogram({ name, help, ...options, registers: [registry] });
}
