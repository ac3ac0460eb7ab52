/** Events on their way to one consumer that pulls; holds at most `capacity` of them. Once closed, nothing reopens it. */
interface EventQueue<T> {
  /** False when the queue is full or closed; the event is not kept. */
  push(event: T): boolean;
  /** No more events; what is queued is still delivered, and after it the error, if one is given. */
  end(error?: Error): void;
  /** Ends with the error at once; what is queued is dropped. */
  fail(error: Error): void;
  /** The next event; one caller at a time. */
  next(): Promise<IteratorResult<T, undefined>>;
}

interface Waiter<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: Error): void;
}

export function createEventQueue<T>(capacity: number): EventQueue<T> {
  const events: T[] = [];
  let closed = false;
  let failure: Error | undefined;
  let waiting: Waiter<T> | undefined;

  function close(error: Error | undefined): void {
    closed = true;
    failure = error;
    const waiter = waiting;
    waiting = undefined;
    if (error === undefined) waiter?.resolve({ done: true, value: undefined });
    else waiter?.reject(error);
  }

  return {
    push(event) {
      if (closed) return false;
      if (waiting !== undefined) {
        waiting.resolve({ done: false, value: event });
        waiting = undefined;
        return true;
      }
      if (events.length >= capacity) return false;
      events.push(event);
      return true;
    },
    end(error) {
      if (!closed) close(error);
    },
    fail(error) {
      if (closed && events.length === 0) return;
      events.length = 0;
      close(error);
    },
    async next() {
      const event = events.shift();
      if (event !== undefined) return { done: false, value: event };
      if (failure !== undefined) throw failure;
      if (closed) return { done: true, value: undefined };
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
      });
    },
  };
}
