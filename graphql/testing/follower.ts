import type { FollowPhase, FollowState } from "../follow-state.ts";
import { type FollowRunParams, followRun, type RunEvent } from "../run-events.ts";
import { RUN_ID, type RunServer, type RunServerOptions, type Script, startRunServer } from "./run-server.ts";

/** One who follows the run of a server that plays a script, and remembers what was said on the way. */
export interface Follower {
  /** All events, to the end; impatient unless `params` say otherwise. */
  follow(script: Script, params?: Partial<FollowRunParams>, options?: RunServerOptions): Promise<RunEvent[]>;
  /** Of the last script. */
  server: RunServer;
  states: FollowState[];
  /** Each phase once, as they came. */
  phases(): FollowPhase[];
  final(): FollowState | undefined;
}

export function createFollower(): Follower {
  const states: FollowState[] = [];
  const follower: Follower = {
    // Set by the first script.
    server: undefined as unknown as RunServer,
    states,
    async follow(script, params = {}, options = {}) {
      follower.server = await startRunServer(script, options);
      states.length = 0;
      const onState = (state: FollowState): void => void states.push(state);
      const { url } = follower.server;
      const patience = { backoffMs: 4, staleMs: 2_000 };
      return Array.fromAsync(followRun({ url, runId: RUN_ID, afterSeq: 0, ...patience, onState, ...params }));
    },
    phases: () => states.map(({ phase }) => phase).filter((phase, index, all) => phase !== all[index - 1]),
    final: () => states.at(-1),
  };
  return follower;
}
