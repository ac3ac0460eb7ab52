import { isRecord } from "@soma/schemas/json";
import type { ModelChoice } from "./model-profile.ts";

const OF_KEYS = "api|access|auth|bearer|secret|secret[-_]?access|session|security|client|private|account|subscription";
/** Names under which people write a key itself. */
const KEY_NAME = new RegExp(
  [
    `^(?:(?:x|goog|google|aws|ocp[-_]?apim)[-_]?)*(?:(?:${OF_KEYS})[-_]?)*(?:key|token|secret|password)$`,
    "^(?:proxy[-_]?)?authorization$|^(?:bearer|cookie|credentials?)$",
  ].join("|"),
  "i",
);
/** Names under which an address carries one. */
const KEY_OF_QUERY = /^(?:code|sig|signature)$/i;
/** What a profile hands on as it is. */
const HANDED_ON = ["options", "providerOptions"];
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** What stood beside the model before there were params. */
const MOVED = ["temperature", "maxOutputTokens"];

type Profile = Readonly<Record<string, unknown>>;
type Profiles = Readonly<Record<string, unknown>>;

/**
 * What a profile holds that stands elsewhere: a key, which no message repeats, or a parameter of requests; and the rest
 * of it.
 */
export function misplaced(where: string, profile: Profile): { faults: string[]; rest: Profile } {
  const { baseUrl, apiKeyEnv, apiKeyFile } = profile;
  const faults: string[] = [];
  const rest = { ...profile };
  const tell = (name: string, fault: string): void => {
    faults.push(`${where}/${name} ${fault}`);
    delete rest[name];
  };
  for (const name of Object.keys(profile)) {
    if (KEY_NAME.test(name))
      tell(name, "holds a key; this file says where keys are: apiKeyEnv names a variable, apiKeyFile a file");
    else if (MOVED.includes(name)) tell(name, `stands in params now: params: { ${name}: ... }`);
  }
  for (const name of HANDED_ON)
    for (const path of keysWithin(profile[name]))
      tell(name, `holds a key at ${path}; it is given by apiKeyEnv, apiKeyFile or optionsEnv`);
  if (typeof apiKeyEnv === "string" && !VARIABLE.test(apiKeyEnv))
    tell("apiKeyEnv", "is no name of an environment variable; it takes the name, never the key");
  if (typeof baseUrl === "string" && holdsKey(baseUrl))
    tell("baseUrl", "holds a password or a key; give it by apiKeyEnv or apiKeyFile");
  if (apiKeyEnv !== undefined && apiKeyFile !== undefined)
    faults.push(`${where} has an apiKeyEnv and an apiKeyFile; the key has one place`);
  // Its absence is no other fault.
  return { faults, rest: "baseUrl" in profile && !("baseUrl" in rest) ? { ...rest, baseUrl: "told" } : rest };
}

/** Where a value that is handed on holds keys. */
function keysWithin(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) =>
    KEY_NAME.test(name) ? [[...path, name].join("/")] : keysWithin(inner, [...path, name]),
  );
}

function holdsKey(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { username, password, searchParams } = new URL(address);
  const isKey = (name: string): boolean => KEY_NAME.test(name) || KEY_OF_QUERY.test(name);
  return username !== "" || password !== "" || [...searchParams.keys()].some(isKey);
}

/** Fallbacks that are not there, and circles of them, each told once. */
export function fallbackFaults(profiles: Profiles): string[] {
  const circles = new Map<string, string>();
  const faults = Object.keys(profiles).flatMap((name) => {
    const circle = circleAt(profiles, name);
    if (circle !== undefined) circles.set([...circle].sort().join(), [...circle, circle[0]].join(" > "));
    return fallbacksIn(profiles, name)
      .filter((next) => !Object.hasOwn(profiles, next))
      .map((next) => `/profiles/${name}/fallbacks names a profile there is not: ${next}`);
  });
  return [...faults, ...[...circles.values()].map((circle) => `fallbacks go in a circle: ${circle}`)];
}

function fallbacksIn(profiles: Profiles, name: string): string[] {
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  const fallbacks: unknown = isRecord(profile) ? profile.fallbacks : undefined;
  return Array.isArray(fallbacks) ? fallbacks.filter((next) => typeof next === "string") : [];
}

/** The shortest way from a profile back to itself. */
function circleAt(profiles: Profiles, start: string): string[] | undefined {
  const seen = new Set<string>();
  const ways = [[start]];
  for (let way = ways.shift(); way !== undefined; way = ways.shift())
    for (const next of fallbacksIn(profiles, way.at(-1) ?? "")) {
      if (next === start) return way;
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  return undefined;
}

interface Choices {
  default: string;
  auto: readonly string[];
  roles?: Readonly<Record<string, ModelChoice>>;
  tenants?: Readonly<Record<string, ModelChoice>>;
}

/** Profiles that are named and are not there, defaults that may not be used, and choices for roles there are not. */
export function choiceFaults(conf: Choices, profiles: Profiles, roles: readonly string[] | undefined): string[] {
  const isThere = (name: string): boolean => name === "custom" || Object.hasOwn(profiles, name);
  const missing = (where: string, names: readonly string[]): string[] =>
    names.filter((name) => !isThere(name)).map((name) => `${where} names a profile there is not: ${name}`);
  const ofChoice = (where: string, { default: name, allow }: ModelChoice): string[] => [
    ...(name === undefined ? [] : missing(`${where}/default`, [name])),
    ...missing(`${where}/allow`, allow ?? []),
    ...(name !== undefined && allow !== undefined && !allow.includes(name)
      ? [`${where}/default is ${name}, which its allow does not have`]
      : []),
  ];
  const all = (where: string, choices: Readonly<Record<string, ModelChoice>> = {}): string[] =>
    Object.entries(choices).flatMap(([name, choice]) => ofChoice(`${where}/${name}`, choice));
  const strangers = Object.keys(conf.roles ?? {}).filter((role) => roles !== undefined && !roles.includes(role));
  return [
    ...missing("/default", conf.default === "auto" ? [] : [conf.default]),
    ...missing("/auto", conf.auto),
    ...all("/roles", conf.roles),
    ...all("/tenants", conf.tenants),
    ...strangers.map((role) => `/roles/${role} is no role of roles.yaml`),
  ];
}
