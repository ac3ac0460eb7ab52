import { isRecord } from "@soma/schemas/json";
import type { ModelChoice } from "./model-profile.ts";

interface Named {
  default: string;
  auto: readonly string[];
  embeddings?: string;
  roles?: Readonly<Record<string, ModelChoice>>;
  tenants?: Readonly<Record<string, ModelChoice>>;
}

type Profiles = Readonly<Record<string, unknown>>;

/** Profiles that make vectors where one is asked to chat, and the other way round. */
export function embeddingFaults(conf: Named, profiles: Profiles): string[] {
  const makesVectors = (name: string): boolean => fieldOf(profiles, name, "embedding") !== undefined;
  const chatters = (where: string, names: readonly string[]): string[] =>
    names.filter(makesVectors).map((name) => `${where} names ${name}, which makes embeddings and cannot chat`);
  const defaults = (where: string, choices: Readonly<Record<string, ModelChoice>> = {}): string[] =>
    Object.entries(choices).flatMap(([name, choice]) => chatters(`${where}/${name}/default`, [choice.default ?? ""]));
  return [
    ...chatters("/default", [conf.default]),
    ...chatters("/auto", conf.auto),
    ...defaults("/roles", conf.roles),
    ...defaults("/tenants", conf.tenants),
    ...ofNamed(conf.embeddings, profiles),
    ...Object.keys(profiles).flatMap((name) => [
      ...chatters(`/profiles/${name}/fallbacks`, listIn(fieldOf(profiles, name, "fallbacks"))),
      ...(makesVectors(name) ? ofProfile(name, profiles) : []),
    ]),
  ];
}

function ofNamed(name: string | undefined, profiles: Profiles): string[] {
  if (name === undefined) return [];
  if (!Object.hasOwn(profiles, name)) return [`/embeddings names a profile there is not: ${name}`];
  if (fieldOf(profiles, name, "embedding") !== undefined) return [];
  return [`/embeddings names ${name}, which makes none; give it embedding: { dimensions: ... }`];
}

/** What is of answers alone. */
const OF_CHAT = ["fallbacks", "params", "capabilities"];

/** Vectors of another model mean nothing beside those of this one. */
function ofProfile(name: string, profiles: Profiles): string[] {
  const place = `/profiles/${name}`;
  return [
    ...OF_CHAT.filter((field) => fieldOf(profiles, name, field) !== undefined).map(
      (field) => `${place} makes embeddings and has no ${field}`,
    ),
    ...(fieldOf(profiles, name, "model") === "" ? [`${place}/model is empty; one that makes embeddings is named`] : []),
  ];
}

function fieldOf(profiles: Profiles, name: string, field: string): unknown {
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  return isRecord(profile) ? profile[field] : undefined;
}

function listIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
}
