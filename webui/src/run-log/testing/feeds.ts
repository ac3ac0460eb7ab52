import type { FollowParams } from "../run-log.ts";
import type { LogEvent } from "../view.ts";

/** One connection to the events of a run, as the test lets them come. */
interface Feed {
  params: FollowParams;
  push(event: LogEvent): void;
  end(error?: Error): void;
}

export interface Feeds {
  /** By the id of the run, once it is followed. */
  feeds: Map<string, Feed>;
  follow(params: FollowParams): AsyncGenerator<LogEvent>;
}

/** Connections that a test feeds. */
export function createFeeds(): Feeds {
  const feeds = new Map<string, Feed>();
  async function* follow(params: FollowParams): AsyncGenerator<LogEvent> {
    const queue: (LogEvent | Error | "end")[] = [];
    let wake = (): void => {};
    const add = (entry: LogEvent | Error | "end"): void => {
      queue.push(entry);
      wake();
    };
    feeds.set(params.runId, { params, push: add, end: (error) => add(error ?? "end") });
    params.signal.addEventListener("abort", () => add("end"));
    for (;;) {
      const next = queue.shift();
      if (next === undefined) await new Promise<void>((resolve) => (wake = resolve));
      else if (next === "end") return;
      else if (next instanceof Error) throw next;
      else yield next;
    }
  }
  return { feeds, follow };
}
