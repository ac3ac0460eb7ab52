const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/;

/**
 * Whether a port is meant by the name under which it is asked. A page of any site can have its own name point at this machine;
 * what it cannot do is send another Host, so a port of this machine alone goes by the names of this machine alone. One that is
 * open to others has names that only its operator knows.
 */
export function isServedAs(boundTo: string, hostname: string): boolean {
  return !LOOPBACK.test(boundTo) || LOOPBACK.test(hostname);
}
