import { useRef } from "react";
import { newIdempotencyKey } from "./idempotency-key.ts";

interface IdempotencyKey {
  /** The key of what is asked: the same for as long as that is the same, so asking again after a lost answer does it once. */
  keyFor(content: string): string;
  /** It was done: what is asked next is another thing, though it may be the same. */
  done(): void;
}

/** One key for each thing that is asked. */
export function useIdempotencyKey(): IdempotencyKey {
  const last = useRef<{ content: string; key: string }>(undefined);
  return {
    keyFor(content) {
      if (last.current?.content !== content) last.current = { content, key: newIdempotencyKey() };
      return last.current.key;
    },
    done() {
      last.current = undefined;
    },
  };
}
