import { beforeReading, registry } from "@soma/shared/metrics";

/** What is read from /proc, which Deno lets nobody read who may not do everything: an absent number is better than 0. */
const UNKNOWN = ["process_heap_bytes", "process_max_fds", "process_open_fds", "process_virtual_memory_bytes"];

interface Settable {
  set(bytes: number): void;
}

/** The numbers of the process that Deno knows in another way than Node. */
export function tellMemory(): void {
  for (const name of UNKNOWN) registry.removeSingleMetric(name);
  const resident = registry.getSingleMetric("process_resident_memory_bytes") as Settable | undefined;
  beforeReading(() => resident?.set(process.memoryUsage().rss));
}
