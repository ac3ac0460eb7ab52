import { type Static, type TSchema, Type } from "typebox";

const CLOSED = { additionalProperties: false };
const positive = (description: string) => Type.Integer({ minimum: 1, description });
/** Beyond it what a call costs is no whole number of millionths that a database keeps. */
const MAX_PRICE = 1_000_000;
const perMillion = (what: string) =>
  Type.Number({ minimum: 0, maximum: MAX_PRICE, description: `for a million tokens ${what}` });

const TimeoutsSchema = Type.Object(
  {
    connect: positive("milliseconds until a connection is there"),
    firstToken: positive("milliseconds until the model has made its first token"),
    silence: Type.Optional(positive("milliseconds until more of an answer comes that has begun; 60000")),
    total: positive("milliseconds until the answer is finished"),
  },
  CLOSED,
);

/** What is said of the model; what is left out is not known, and not held against it. */
const CapabilitiesSchema = Type.Partial(
  Type.Object({
    tools: Type.Boolean({ description: "whether it can call tools; false asks it without them" }),
    json: Type.Boolean({
      description: "whether its server takes a JSON Schema of the answer; false asks for JSON in words alone",
    }),
    vision: Type.Boolean({ description: "whether it can see pictures" }),
    contextTokens: positive("tokens that a request and its answer may have together"),
    maxOutputTokens: positive("tokens that an answer may have"),
  }),
  CLOSED,
);

/** What is sent with every request; what is left out is not sent, so that the server's own value counts. */
const ParamsSchema = Type.Partial(
  Type.Object({
    temperature: Type.Number({ minimum: 0, maximum: 2 }),
    topP: Type.Number({ minimum: 0, maximum: 1 }),
    maxOutputTokens: positive("tokens that an answer may have"),
    seed: Type.Integer(),
    stop: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 4 }),
    reasoningEffort: Type.Enum(["none", "minimal", "low", "medium", "high", "xhigh"]),
  }),
  CLOSED,
);

const PriceSchema = Type.Object(
  {
    inputPerMillion: perMillion("that are sent"),
    cachedInputPerMillion: Type.Optional(perMillion("that are sent and that the provider had kept")),
    outputPerMillion: perMillion("that are made"),
    currency: Type.String({ pattern: "^[A-Z]{3}$", description: "three letters, such as USD" }),
  },
  CLOSED,
);

const EmbeddingSchema = Type.Object(
  {
    dimensions: Type.Integer({ minimum: 1, maximum: 16_384, description: "numbers in each vector" }),
    shorten: Type.Optional(Type.Boolean({ description: "asks for vectors of that length of a model that has longer" })),
    batch: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000, description: "texts in one request; 32 when left out" }),
    ),
  },
  CLOSED,
);

const RetrySchema = Type.Object(
  {
    attempts: Type.Integer({
      minimum: 1,
      maximum: 5,
      description: "how often it is asked before the next of its fallbacks",
    }),
  },
  CLOSED,
);

/** What every profile may have, whoever its provider is. */
export const PROFILE = {
  provider: Type.String({ description: "name of a provider" }),
  model: Type.String({ description: "name the provider knows it by; empty takes the first one the provider lists" }),
  baseUrl: Type.Optional(Type.String({ minLength: 1, description: "address that its operations have in common" })),
  apiKeyEnv: Type.Optional(
    Type.String({ pattern: "^[A-Za-z_][A-Za-z0-9_]*$", description: "environment variable that holds the key" }),
  ),
  apiKeyFile: Type.Optional(Type.String({ pattern: "^/", description: "file that holds the key, from the root" })),
  capabilities: Type.Optional(CapabilitiesSchema),
  params: Type.Optional(ParamsSchema),
  embedding: Type.Optional(EmbeddingSchema),
  price: Type.Optional(PriceSchema),
  timeoutsMs: TimeoutsSchema,
  retry: Type.Optional(RetrySchema),
  fallbacks: Type.Optional(
    Type.Array(Type.String(), { maxItems: 5, uniqueItems: true, description: "profiles that answer when it cannot" }),
  ),
  maxConcurrent: Type.Optional(positive("calls at a time, of all profiles with its address and key in this process")),
} satisfies Record<string, TSchema>;

const ProfileSchema = Type.Object(PROFILE);

/** A profile; what its provider adds has been checked by that provider's schema. */
export type ModelProfile = Static<typeof ProfileSchema>;

/** One whose model makes vectors, and cannot chat. */
export type EmbeddingProfile = ModelProfile & { embedding: NonNullable<ModelProfile["embedding"]> };

export const ChoiceSchema = Type.Partial(
  Type.Object({
    default: Type.String({ description: "profile of runs that name none" }),
    allow: Type.Array(Type.String(), { minItems: 1, uniqueItems: true, description: "the profiles that may be used" }),
  }),
  { additionalProperties: false },
);

/** Which profile somebody's runs take when they name none, and which they may name; left out, all. */
export type ModelChoice = Static<typeof ChoiceSchema>;
