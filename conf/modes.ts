import { type Static, Type } from "typebox";
import { readConf, SHIPPED_CONF } from "./read-conf.ts";

const ValueSchema = Type.Union([
  Type.String(),
  Type.Object(
    { from: Type.String({ description: "name of something only the start knows" }) },
    { additionalProperties: false },
  ),
]);

const ModeSchema = Type.Object(
  {
    mode: Type.Enum(["dev_full"]),
    settings: Type.Record(Type.String({ pattern: "^[A-Z][A-Z0-9_]*$" }), ValueSchema, { additionalProperties: false }),
  },
  { additionalProperties: false },
);

/** How a kind of installation is set: its settings by their environment names. */
export type Mode = Static<typeof ModeSchema>;
type Env = Record<string, string | undefined>;

/** The mode of a name: modes/<name>.yaml. */
export function loadMode(name: string, folder: URL = SHIPPED_CONF): Mode {
  return readConf(new URL(`modes/${name}.yaml`, folder), ModeSchema);
}

/**
 * The environment of a mode. What has a `from` is taken from `known` and left out while it is not known yet; a plain value
 * is a default that the given environment may replace.
 */
export function toEnv(mode: Mode, given: Env, known: Readonly<Record<string, string>>): Env {
  const env: Env = { ...given };
  for (const [name, value] of Object.entries(mode.settings)) {
    if (typeof value === "string") env[name] = given[name] || value;
    else env[name] = known[value.from];
  }
  return env;
}

/** References of a mode that nothing has given a value: a misspelling, or something that was never started. */
export function unknownOf(mode: Mode, known: Readonly<Record<string, string>>): string[] {
  return Object.values(mode.settings).flatMap((value) =>
    typeof value === "string" || Object.hasOwn(known, value.from) ? [] : [value.from],
  );
}
