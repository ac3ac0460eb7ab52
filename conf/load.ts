import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { parse } from "yaml";

/** What operators set, read from this folder or from another one of the same shape. Every fault of a file is reported at once. */
export interface Role {
  description: string;
  /** Tools the role may call, by name. */
  tools: string[];
  /** Highest risk of a tool the role may call. */
  maxRisk: "low" | "medium" | "high";
}

export interface RolesConf {
  /** Role of a run when its caller names none. */
  default: string;
  roles: Record<string, Role>;
}

export interface ModelProfile {
  provider: "scripted" | "openai-compatible";
  /** Name the provider knows the model by; empty takes the first one the server lists. */
  model: string;
  /** Up to and with /v1; only for openai-compatible. */
  baseUrl?: string;
  /** Environment variable that holds the key. */
  apiKeyEnv?: string;
  temperature?: number;
  maxOutputTokens?: number;
  timeoutsMs: { connect: number; firstToken: number; total: number };
}

export interface ModelsConf {
  /** "auto", or the name of a profile. */
  default: string;
  /** Order in which "auto" looks for a profile that can be used; the first one that can wins. */
  auto: string[];
  profiles: Record<string, ModelProfile>;
}

const ROLES_SCHEMA = {
  type: "object",
  required: ["default", "roles"],
  additionalProperties: false,
  properties: {
    default: { type: "string" },
    roles: {
      type: "object",
      minProperties: 1,
      propertyNames: { pattern: "^[a-z][a-z0-9-]{0,39}$" },
      additionalProperties: {
        type: "object",
        required: ["description", "tools", "maxRisk"],
        additionalProperties: false,
        properties: {
          description: { type: "string" },
          tools: { type: "array", items: { type: "string" }, uniqueItems: true },
          maxRisk: { enum: ["low", "medium", "high"] },
        },
      },
    },
  },
};

const MODELS_SCHEMA = {
  type: "object",
  required: ["default", "auto", "profiles"],
  additionalProperties: false,
  properties: {
    default: { type: "string" },
    auto: { type: "array", items: { type: "string" }, minItems: 1 },
    profiles: {
      type: "object",
      minProperties: 1,
      additionalProperties: {
        type: "object",
        required: ["provider", "model", "timeoutsMs"],
        additionalProperties: false,
        properties: {
          provider: { enum: ["scripted", "openai-compatible"] },
          model: { type: "string" },
          baseUrl: { type: "string", pattern: "^https?://" },
          apiKeyEnv: { type: "string" },
          temperature: { type: "number", minimum: 0, maximum: 2 },
          maxOutputTokens: { type: "integer", minimum: 1 },
          timeoutsMs: {
            type: "object",
            required: ["connect", "firstToken", "total"],
            additionalProperties: false,
            properties: {
              connect: { type: "integer", minimum: 1 },
              firstToken: { type: "integer", minimum: 1 },
              total: { type: "integer", minimum: 1 },
            },
          },
        },
      },
    },
  },
};

/** The folder of this package. */
export const SHIPPED_CONF = new URL(".//", import.meta.url);

/** The folder a setting names; empty is the one that ships. */
export function confFolder(setting: string): URL {
  return setting === "" ? SHIPPED_CONF : pathToFileURL(`${setting}/`);
}

export function loadRoles(folder: URL = SHIPPED_CONF): RolesConf {
  const conf = load<RolesConf>(new URL("roles.yaml", folder), ROLES_SCHEMA);
  if (!Object.hasOwn(conf.roles, conf.default))
    throw new Error(`roles.yaml: default is "${conf.default}", which is not one of its roles`);
  return conf;
}

export function loadModels(folder: URL = SHIPPED_CONF): ModelsConf {
  const conf = load<ModelsConf>(new URL("models.yaml", folder), MODELS_SCHEMA);
  const unknown = [...(conf.default === "auto" ? [] : [conf.default]), ...conf.auto].filter(
    (name) => !Object.hasOwn(conf.profiles, name),
  );
  if (unknown.length > 0) throw new Error(`models.yaml names profiles it does not have: ${unknown.join(", ")}`);
  return conf;
}

function load<T>(file: URL, schema: object): T {
  const value: unknown = parse(readFileSync(file, "utf8"));
  const validate = new Ajv2020({ allErrors: true }).compile(schema);
  if (!validate(value))
    throw new Error(`${file.pathname} has faults:\n${(validate.errors ?? []).map(describe).join("\n")}`);
  return value as T;
}

function describe(error: ErrorObject): string {
  return `  - ${error.instancePath === "" ? "the file" : error.instancePath} ${error.message ?? error.keyword} ${JSON.stringify(error.params)}`;
}
