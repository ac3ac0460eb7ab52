import { DoorRefused } from "./answer.ts";

/** Names of this machine that no name server can give to another one, and addresses, which no name server gives at all. */
const OWN = /^(localhost|.+\.localhost|\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/;
const LOOPBACK = /^(::ffff:)?127(\.\d{1,3}){3}$|^::1$/;

/** Whether an address to listen on is of this machine alone; a name is looked up first. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.test(address);
}

/** Throws 421 for a request that was not meant for this server. */
export type CheckHost = (request: { url: string; headers: Headers }) => void;

/**
 * A page of any site can have its own name point at 127.0.0.1 and then talk to a server there as if it were its own; what it
 * cannot do is send another Host than its name, or an address. `listed` are further names to be served under, without a port.
 */
export function createHostCheck(listed: readonly string[]): CheckHost {
  return ({ url, headers }) => {
    const host = (headers.get("host") ?? new URL(url).host).toLowerCase();
    const name = host.replace(/:\d+$/, "");
    if (OWN.test(name) || listed.includes(name)) return;
    throw new DoorRefused(
      `host "${host.slice(0, 200)}" is not served here; SOMA_ALLOWED_HOSTS lists the names that are, beside those of this machine`,
      421,
      { code: "FORBIDDEN" },
    );
  };
}
