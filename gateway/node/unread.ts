import type { GatewayLimits } from "../ground/limits.ts";
import { countRefusal } from "./count-refusals.ts";

/** A connection that may leave unread what it is sent. */
interface Reader {
  end(): void;
}

/** What waits in this process for clients to read it. */
export interface Unread {
  bytes(): number;
  /** Counts what is being sent until the function is called. Ends the connection that reads least when all is too much. */
  hold(reader: Reader, bytes: number): () => void;
}

/**
 * Bounds the memory of all connections together: one that reads nothing costs little, many do not, and neither do the largest
 * answers of one. A WebSocket is paused long before (pace.ts), so this is for the sum.
 */
export function createUnread(limits: Pick<GatewayLimits, "unreadBytesOfAll">): Unread {
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
    countRefusal("unread bytes of all");
    // What it held is given back as its sends fail.
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
