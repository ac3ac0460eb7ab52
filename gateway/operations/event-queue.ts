/** Events on their way to one consumer that pulls; holds no more of them than its bounds say. Once closed, nothing reopens it. */
interface EventQueue<T> {
  /** False when the queue is full or closed; the event is not kept. */
  push(event: T): boolean;
  /** No more events; what is queued is still delivered, and after it the error, if one is given. */
  end(error?: Error): void;
  /** Ends at once, with the error if one is given; what is queued is dropped. */
  drop(error?: Error): void;
  /** The next event; one caller at a time. */
  next(): Promise<IteratorResult<T, undefined>>;
  /** What waits to be pulled. */
  waiting(): { events: number; bytes: number };
}

interface QueueOptions<T> {
  events: number;
  /** One event may be larger: whoever comes again for it would find it as large. */
  bytes: number;
  /** Bytes of an event; asked of those that wait. */
  sizeOf(event: T): number;
  /** Counts bytes among all that wait anywhere until the function is called; may end this very queue. */
  hold(bytes: number): () => void;
}

interface Queued<T> {
  event: T;
  bytes: number;
  release: () => void;
}

interface Waiter<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: Error): void;
}

export function createEventQueue<T>(options: QueueOptions<T>): EventQueue<T> {
  const queued: Queued<T>[] = [];
  let queuedBytes = 0;
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

  function enqueue(event: T): boolean {
    if (queued.length >= options.events) return false;
    const bytes = options.sizeOf(event);
    if (queued.length > 0 && queuedBytes + bytes > options.bytes) return false;
    const release = options.hold(bytes);
    if (closed) {
      release();
      return false;
    }
    queued.push({ event, bytes, release });
    queuedBytes += bytes;
    return true;
  }

  function dequeue(): Queued<T> | undefined {
    const first = queued.shift();
    first?.release();
    queuedBytes -= first?.bytes ?? 0;
    return first;
  }

  return {
    push(event) {
      if (closed) return false;
      if (waiting === undefined) return enqueue(event);
      waiting.resolve({ done: false, value: event });
      waiting = undefined;
      return true;
    },
    end(error) {
      if (!closed) close(error);
    },
    drop(error) {
      if (closed && queued.length === 0) return;
      while (dequeue() !== undefined);
      close(error);
    },
    async next() {
      const first = dequeue();
      if (first !== undefined) return { done: false, value: first.event };
      if (failure !== undefined) throw failure;
      if (closed) return { done: true, value: undefined };
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
      });
    },
    waiting: () => ({ events: queued.length, bytes: queuedBytes }),
  };
}
