/**
 * Which checkpoint was the newest of its thread when this saver last read, or put, a given one. A put names the checkpoint it
 * continues, and is good when the newest is still the one that was seen with it: so whoever continues an old checkpoint on
 * purpose may, as he has seen what came after it, and whoever did not know of it is refused.
 */
export interface HeadsSeen {
  /** `head` is undefined where there was no thread. */
  note(place: Place, head: string | undefined): void;
  /** Undefined when nothing was seen there. */
  find(place: Place): { head: string | undefined } | undefined;
}

export interface Place {
  threadId: string;
  namespace: string;
  /** Undefined for the beginning of a thread. */
  checkpointId: string | undefined;
}

/** Keeps the latest `limit`. What it has forgotten it never knew, and only the newest checkpoint can be continued then. */
export function createHeadsSeen(limit: number): HeadsSeen {
  const heads = new Map<string, { head: string | undefined }>();
  return {
    note(place, head) {
      const key = keyOf(place);
      heads.delete(key);
      heads.set(key, { head });
      if (heads.size <= limit) return;
      const [oldest] = heads.keys();
      heads.delete(oldest as string);
    },
    find: (place) => heads.get(keyOf(place)),
  };
}

function keyOf({ threadId, namespace, checkpointId }: Place): string {
  return JSON.stringify([threadId, namespace, checkpointId ?? null]);
}
