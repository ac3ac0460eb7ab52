import { ConfigError, oneOf, readSettings } from "../config.ts";
import type { EventBus } from "./event-bus.ts";
import { createLocalBus } from "./local-bus.ts";

const busSettings = {
  kind: oneOf(["local", "hold"], {
    env: "SOMA_EVENT_BUS",
    doc: "where events go: local (to the parts of this process) or hold (kept in the outbox for a process with a bus)",
  }),
};

export interface ChooseBusParams {
  env: Record<string, string | undefined>;
  /** True when every part that listens runs in this process. */
  hasEveryPart: boolean;
}

/**
 * The bus a setting names; undefined for `hold`, with which a process publishes nothing and its events stay in the outbox.
 * A local bus in a process that lacks the listeners is refused: its events would count as published and reach nobody.
 */
export function chooseBus({ env, hasEveryPart }: ChooseBusParams): EventBus | undefined {
  const { kind } = readSettings(busSettings, env);
  if (kind === "hold") return undefined;
  if (hasEveryPart) return createLocalBus();
  throw new ConfigError([
    `SOMA_EVENT_BUS: "local" reaches only this process, and the parts that listen run elsewhere, so events would be lost; ` +
      `set it to hold, which keeps them in the outbox, or run every part in one process with \`npm start\``,
  ]);
}
