import type { GatewayLimits } from "./limits.ts";

/** A connection that may leave unread what it is sent, or a subscription whose events wait for it. */
interface Reader {
  /** Ends it; what it holds is given back at once or soon after. */
  end(): void;
}

/** What waits in this process for clients to read it. */
export interface Unread {
  bytes(): number;
  /** Counts what waits until the function is called. Ends the reader that leaves most when all is too much, perhaps this one. */
  hold(reader: Reader, bytes: number): () => void;
}

/**
 * Bounds the memory of all connections and subscriptions together: one that reads nothing costs little, many do not, and
 * neither do the largest answers of one. Each has a bound of its own long before, so this is for the sum.
 */
export function createUnread(
  limits: Pick<GatewayLimits, "unreadBytesOfAll">,
  onRefused: (bound: string) => void,
): Unread {
  const held = new Map<Reader, number>();
  let total = 0;

  function add(reader: Reader, bytes: number): void {
    const mine = (held.get(reader) ?? 0) + bytes;
    if (mine > 0) held.set(reader, mine);
    else held.delete(reader);
    total += bytes;
  }

  function endWorst(): void {
    const [worst] = [...held].reduce((most, each) => (each[1] > most[1] ? each : most));
    onRefused("unread bytes of all");
    worst.end();
  }

  return {
    bytes: () => total,
    hold(reader, bytes) {
      add(reader, bytes);
      if (total > limits.unreadBytesOfAll) endWorst();
      let left = bytes;
      return () => {
        add(reader, -left);
        left = 0;
      };
    },
  };
}
