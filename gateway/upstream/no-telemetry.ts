/**
 * Imported before any @apollo package: without this, @apollo/gateway starts an exporter that reports to its vendor. The
 * global is read with care because the core also runs where there is no `process`.
 */
const { process } = globalThis as { process?: { env: Record<string, string | undefined> } };
if (process !== undefined) process.env.APOLLO_TELEMETRY_DISABLED = "true";
