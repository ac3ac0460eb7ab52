import { RetryLater } from "@soma/shared/errors";
import type { Principal } from "@soma/shared/identity/principal";
import { createKeyedSlots } from "@soma/shared/slots";
import { pause } from "../ground/deadline.ts";
import type { GatewayLimits } from "../ground/limits.ts";
import { type CallerBounds, keyOf } from "./caller-bounds.ts";

interface Frame {
  principal: Principal;
  /** What it takes of its caller's allowance. */
  price: number;
  /** Aborts when nobody waits for the frame any more; then it takes nothing. */
  signal: AbortSignal;
}

export interface FrameBounds {
  /** Executes a frame of a subscription in its turn among those of its caller, once the allowance holds what it takes. */
  use<T>(frame: Frame, work: () => Promise<T>): Promise<T>;
}

interface FrameBoundsOptions {
  limits: Pick<GatewayLimits, "framesPerCaller" | "frameTurnMs">;
  callers: Pick<CallerBounds, "take">;
  /** Told of each frame that has to wait for the allowance. */
  onWait: () => void;
}

/**
 * What a caller's subscriptions may have executed for them. Nobody asks for a frame, so that none is refused: a frame that is
 * too much waits, its subscription is slowed, and what comes behind it waits in the subscription's queue. Frames of one caller
 * wait for the allowance in their turns, so that few of them ask for it at once.
 */
export function createFrameBounds({ limits, callers, onWait }: FrameBoundsOptions): FrameBounds {
  const turns = createKeyedSlots(limits.framesPerCaller, limits.frameTurnMs);

  async function pay({ principal, price, signal }: Frame): Promise<void> {
    for (let waitedMs = 0; ; ) {
      signal.throwIfAborted();
      try {
        return await callers.take(principal, price);
      } catch (error) {
        if (!(error instanceof RetryLater) || waitedMs > limits.frameTurnMs) throw error;
        if (waitedMs === 0) onWait();
        waitedMs += error.retryAfterMs;
        await pause(error.retryAfterMs, signal);
      }
    }
  }

  return {
    use: (frame, work) =>
      turns.use(keyOf(frame.principal), async () => {
        await pay(frame);
        return work();
      }),
  };
}
