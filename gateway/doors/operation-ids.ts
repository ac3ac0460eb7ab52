interface Use {
  completed: boolean;
  over: Promise<void>;
}

/** The ids that a client gives its operations, each of which may be used again once it was completed. */
export interface OperationIds {
  /**
   * Serves a use of the id, after the use before it is over if the client completed that one. A use that is not completed is
   * in nobody's way here: it is a fault, and for the protocol library to refuse.
   */
  use(id: string, serve: () => Promise<void>): Promise<void>;
  /** The client completed the id: a use that still waits is never served. */
  complete(id: string): void;
}

/**
 * The protocol library knows an operation by its id alone. Were an id used again while its first use is on its way in, both
 * would run under one name, and `complete` would end one of them only; the other would stream until its connection closed.
 */
export function createOperationIds(): OperationIds {
  const uses = new Map<string, Use>();

  async function serveAfter(before: Use | undefined, use: Use, serve: () => Promise<void>): Promise<void> {
    if (before !== undefined) await before.over.catch(() => {});
    if (!use.completed) await serve();
  }

  return {
    use(id, serve) {
      const before = uses.get(id);
      if (before?.completed === false) return serve();
      const now: Use = { completed: false, over: Promise.resolve() };
      uses.set(id, now);
      now.over = serveAfter(before, now, serve).finally(() => {
        if (uses.get(id) === now) uses.delete(id);
      });
      return now.over;
    },
    complete(id) {
      const use = uses.get(id);
      if (use !== undefined) use.completed = true;
    },
  };
}
