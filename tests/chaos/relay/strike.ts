import { until } from "@soma/shared/testing/until";
import type { Trial } from "./trial.ts";

const WRITTEN_MS = 120_000;

/**
 * Where in a round of the relay something strikes: a batch is on its way to the broker, its answer is on its way back, or
 * everything was sent and is about to be deleted.
 */
export type Point = "before send" | "after send" | "before delete";

/** Resolves when something came to the point, once, and `act` was done there. */
export function strikeAt(trial: Trial, point: Point, act: () => Promise<void>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const { proxy } = trial.world;
  if (proxy === undefined) throw new Error("there is no proxy before the broker");
  let isStruck = false;
  const reach = async (reached: Point): Promise<void> => {
    if (isStruck || reached !== point) return;
    isStruck = true;
    await act().then(resolve, reject);
  };
  proxy.onProduce = (moment) => reach(moment === "before" ? "before send" : "after send");
  trial.onStatement = async ({ text }, phase) => {
    if (phase === "before" && text.startsWith("delete from outbox o ")) await reach("before delete");
  };
  return promise;
}

/** Waits until so many events were written, so that what is broken then is broken under load. */
export async function whenWritten({ writer }: Trial, events: number): Promise<void> {
  await until(`${events} events were written`, () => writer.committed.length >= events, WRITTEN_MS);
}
