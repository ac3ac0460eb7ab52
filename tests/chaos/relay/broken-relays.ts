import { until } from "@soma/shared/testing/until";
import { type Point, strikeAt, whenWritten } from "./strike.ts";
import type { Trial } from "./trial.ts";

const LEASED_MS = 30_000;

/** At the point while events are being written; `twice`, then again while all that were written wait. */
export function killAt(point: Point, often: "once" | "twice"): (trial: Trial, events: number) => Promise<void> {
  return async (trial, events) => {
    const killOne = async (): Promise<void> => {
      const struck = strikeAt(trial, point, async () => {
        await relay.kill();
        trial.note(`kill ${point}`);
        trial.world.proxy?.cut();
        trial.cutDatabase();
      });
      const relay = trial.startRelay();
      await struck;
    };
    await Promise.all([trial.writer.write(events / 2), killOne()]);
    if (often === "twice") await killOne();
    trial.startRelay();
    await trial.writer.write(events / 2);
    await trial.drain();
  };
}

/** A relay stands still in the middle of its round until another has sent everything, and then goes on with what it had. */
export async function freezePastLease(trial: Trial, events: number): Promise<void> {
  await trial.writer.write(events / 2);
  const frozen = strikeAt(trial, "after send", async () => {
    first.freeze();
    trial.note("freeze");
  });
  const first = trial.startRelay();
  await frozen;
  trial.startRelay();
  await trial.writer.write(events / 4);
  await trial.drain();
  first.thaw();
  await trial.writer.write(events / 4);
  await trial.drain();
  // It ends its round first.
  await first.stop();
}

/** Three stand ready: each is stopped in order and replaced, and then each is killed and replaced. */
export async function restartInTurn(trial: Trial, events: number): Promise<void> {
  const relays = [trial.startRelay(), trial.startRelay(), trial.startRelay()];
  await until("one has the lease", () => isLeased(trial), LEASED_MS);
  const ends = ["stop", "kill"] as const;
  const share = events / (ends.length * relays.length);
  for (const end of ends) {
    for (const [at, relay] of relays.entries()) {
      const before = trial.writer.committed.length;
      const writing = trial.writer.write(share);
      await whenWritten(trial, before + share / 2);
      await relay[end]();
      trial.note(end);
      relays[at] = trial.startRelay();
      await writing;
      await until("one has the lease", () => isLeased(trial), LEASED_MS);
    }
  }
  await trial.drain();
}

async function isLeased({ database: { owner } }: Trial): Promise<boolean> {
  const leased =
    await owner`select 1 from outbox_lease where expires_at > clock_timestamp() + interval '5 seconds' limit 1`;
  return leased.length > 0;
}
