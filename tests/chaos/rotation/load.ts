import { setTimeout as wait } from "node:timers/promises";
import type { DrillGateway } from "./gateways.ts";
import type { TransitIssuer } from "./transit-issuer.ts";

/** Tokens of several keys at a time are asked with. */
const HELD = 60;
const MINT_MS = 100;

/** What callers met at one gateway. */
export interface Tally {
  gateway: DrillGateway;
  statuses: Map<number, number>;
  /** Milliseconds from the beginning of the count to the first answer that was not 200; undefined when each was. */
  firstFailureMs: number | undefined;
}

interface Load {
  /** What callers met at each gateway while the work was done. */
  during(work: () => Promise<void>): Promise<Tally[]>;
  /** New tokens are asked for or not. */
  mint(isOn: boolean): void;
  stop(): Promise<void>;
}

/** Callers at every gateway without a pause, with tokens of the newest key and of those before it. */
export function startLoad(issuer: TransitIssuer, gateways: readonly DrillGateway[], lifetimeS: () => number): Load {
  const held: { token: string; until: number }[] = [];
  const state = { isOver: false, isMinting: true };
  let tallies: Tally[] = [];
  let beganAt = 0;

  async function mint(): Promise<void> {
    while (!state.isOver) {
      if (state.isMinting) {
        const seconds = lifetimeS();
        // OpenBao may have been taken away meanwhile.
        const signed = await issuer.sign(seconds).catch(() => undefined);
        if (signed !== undefined) held.push({ token: signed.token, until: Date.now() + (seconds - 3) * 1_000 });
        if (held.length > HELD) held.shift();
      }
      await wait(MINT_MS);
    }
  }

  async function askAt(gateway: DrillGateway, at: number): Promise<void> {
    for (let times = 0; !state.isOver; times += 1) {
      const good = held.filter(({ until }) => until > Date.now());
      // The newest each second time.
      const chosen = times % 2 === 0 ? good.at(-1) : good[times % Math.max(1, good.length)];
      if (chosen === undefined) await wait(20);
      else count(tallies[at], await gateway.ask(chosen.token).catch(() => 0));
      await wait(5);
    }
  }

  function count(tally: Tally | undefined, status: number): void {
    if (tally === undefined) return;
    tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
    if (status !== 200) tally.firstFailureMs ??= performance.now() - beganAt;
  }

  const running = [mint(), ...gateways.flatMap((gateway, at) => [askAt(gateway, at), askAt(gateway, at)])];
  return {
    async during(work) {
      const counted = gateways.map((gateway) => ({ gateway, statuses: new Map(), firstFailureMs: undefined }));
      [tallies, beganAt] = [counted, performance.now()];
      await work();
      tallies = [];
      return counted;
    },
    mint(isOn) {
      state.isMinting = isOn;
    },
    async stop() {
      state.isOver = true;
      await Promise.all(running);
    },
  };
}
