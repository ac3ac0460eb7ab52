/**
 * Ends with 0 while the process beside it is ready: what a container is asked for its health, since its image has no shell.
 * Plain JavaScript without imports, because it runs every few seconds.
 */
const port = process.env.SOMA_METRICS_PORT ?? "9464";
const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(4_000) }).catch(() => ({
  ok: false,
}));
process.exit(answer.ok ? 0 : 1);
