/** A server on this machine is back as soon as somebody starts it, and nobody else waits for it. */
const LOOPBACK_MAX_MS = 2_000;

/** How long following a run waits at most before it connects again, by the name of the host that served the page. */
export function waitsAt(hostname: string): { maxBackoffMs?: number } {
  return /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)
    ? { maxBackoffMs: LOOPBACK_MAX_MS }
    : {};
}
