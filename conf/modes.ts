import { DEPLOY_MODES, type DeployMode } from "@soma/schemas/deploy-modes";
import { type Static, Type } from "typebox";
import { readConf, refuse, SHIPPED_CONF } from "./read-conf.ts";

const PlainSchema = Type.Union([Type.String(), Type.Boolean(), Type.Integer()]);

const ValueSchema = Type.Union([
  PlainSchema,
  Type.Object(
    { from: Type.String({ description: "name of something only the start knows" }) },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      secret: Type.String({
        pattern: "^[a-z0-9-]{1,63}/[a-z0-9-]{1,63}$",
        description: "where the value is kept: the name of a secret, and a key of it",
      }),
    },
    { additionalProperties: false },
  ),
]);

const Resources = Type.Object(
  {
    cpu: Type.String({ pattern: "^[0-9]+m?$", description: "what a process is promised of a core; it may use more" }),
    memory: Type.String({
      pattern: "^[0-9]+[MG]i$",
      description: "what it is promised, and what it may not go beyond",
    }),
  },
  { additionalProperties: false },
);

/** What only the charts of a cluster read: no process knows of it. */
const ClusterSchema = Type.Object(
  {
    istioInjection: Type.Boolean({ description: "whether pods ask for the sidecar of Istio" }),
    vaultInjection: Type.Boolean({ description: "whether secret files are rendered by the agent of Vault or OpenBao" }),
    maxReplicas: Type.Integer({ minimum: 1, maximum: 1_000, description: "processes of a part under load" }),
    zones: Type.Enum(["any", "all"], { description: "all keeps a process waiting that would stand in a crowded zone" }),
    resources: Type.Record(Type.String({ pattern: "^[a-z-]+$" }), Resources, {
      description: "of a process of each part; that of `other` for each that is not named",
    }),
  },
  { additionalProperties: false },
);

const ModeSchema = Type.Object(
  {
    mode: Type.Enum([...DEPLOY_MODES]),
    settings: Type.Record(Type.String({ pattern: "^[A-Z][A-Z0-9_]*$" }), ValueSchema, { additionalProperties: false }),
    cluster: Type.Optional(ClusterSchema),
  },
  { additionalProperties: false },
);

/** How a kind of installation is set: its settings by their environment names. */
export type Mode = Static<typeof ModeSchema>;
type Value = Mode["settings"][string];
type Env = Readonly<Record<string, string | undefined>>;

/** The mode of a name: modes/<name>.yaml. */
export function loadMode(name: DeployMode, folder: URL = SHIPPED_CONF): Mode {
  const file = new URL(`modes/${name}.yaml`, folder);
  const mode = readConf(file, ModeSchema);
  if (mode.mode !== name) refuse(file.pathname, [`mode is ${mode.mode}, and the file is that of ${name}`]);
  return mode;
}

/**
 * The environment of a mode. What has a `from` is taken from `known` and left out while it is not known yet; a plain value
 * is a default that the given environment may replace; a secret is given or it is not there.
 */
export function toEnv(
  mode: Mode,
  given: Env,
  known: Readonly<Record<string, string>>,
): Record<string, string | undefined> {
  const env: Record<string, string | undefined> = { ...given, DEPLOY_MODE: mode.mode };
  for (const [name, value] of Object.entries(mode.settings)) {
    const plain = toPlain(value);
    if (plain !== undefined) env[name] = given[name] || plain;
    else if (isFrom(value)) env[name] = known[value.from];
  }
  return env;
}

/** References of a mode that nothing has given a value: a misspelling, or something that was never started. */
export function unknownOf(mode: Mode, known: Readonly<Record<string, string>>): string[] {
  return Object.values(mode.settings).flatMap((value) =>
    isFrom(value) && !Object.hasOwn(known, value.from) ? [value.from] : [],
  );
}

/** What a mode sets by itself, in the order of the alphabet, with the mode. */
export function plainOf(mode: Mode): Record<string, string> {
  const plain = Object.entries(mode.settings).flatMap(([name, value]): [string, string][] => {
    const text = toPlain(value);
    return text === undefined ? [] : [[name, text]];
  });
  return Object.fromEntries([["DEPLOY_MODE", mode.mode] as [string, string], ...plain].toSorted(byName));
}

/** What a mode takes from secrets: the place of each, in the order of the alphabet. */
export function secretsOf({ settings }: Mode): Record<string, string> {
  const found = Object.entries(settings).flatMap(([name, value]): [string, string][] =>
    typeof value === "object" && "secret" in value ? [[name, value.secret]] : [],
  );
  return Object.fromEntries(found.toSorted(byName));
}

function toPlain(value: Value): string | undefined {
  return typeof value === "object" ? undefined : String(value);
}

function isFrom(value: Value): value is { from: string } {
  return typeof value === "object" && "from" in value;
}

/** Not by the language of a machine: what is generated is the same on each. */
function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
