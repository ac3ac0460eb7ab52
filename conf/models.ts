import { isRecord } from "@soma/schemas/json";
import { type Static, type TObject, Type } from "typebox";
import { embeddingFaults } from "./embedding-faults.ts";
import { choiceFaults, fallbackFaults, misplaced } from "./model-faults.ts";
import { ChoiceSchema, type ModelProfile, PROFILE } from "./model-profile.ts";
import { faultsOf, readYaml, refuse, SHIPPED_CONF } from "./read-conf.ts";

export type { EmbeddingProfile, ModelChoice, ModelProfile } from "./model-profile.ts";

const ModelsSchema = Type.Object(
  {
    default: Type.String({ description: '"auto", or the name of a profile' }),
    auto: Type.Array(Type.String(), { minItems: 1, description: "order in which auto looks; the first usable wins" }),
    embeddings: Type.Optional(Type.String({ description: "profile that makes vectors where nobody names one" })),
    profiles: Type.Record(Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" }), Type.Unknown(), {
      minProperties: 1,
      additionalProperties: false,
    }),
    roles: Type.Optional(Type.Record(Type.String(), ChoiceSchema)),
    tenants: Type.Optional(Type.Record(Type.String(), ChoiceSchema)),
  },
  { additionalProperties: false },
);

export type ModelsConf = Static<typeof ModelsSchema> & { profiles: Record<string, ModelProfile> };

/** The settings a provider adds to a profile, by the provider's name. */
export type ProviderSettings = Readonly<Record<string, TObject>>;

interface LoadModelsOptions {
  /** The one that ships when left out. */
  folder?: URL;
  /** Roles there are; a choice for another one is a fault. Not checked when left out. */
  roles?: readonly string[];
}

/**
 * Which language model answers: models.yaml of a folder, each profile checked by the schema of its provider. Throws
 * with every fault of the file at once.
 */
export function loadModels(
  providers: ProviderSettings,
  { folder = SHIPPED_CONF, roles }: LoadModelsOptions = {},
): ModelsConf {
  const file = new URL("models.yaml", folder);
  const read = readYaml(file);
  const conf = read as ModelsConf;
  const ofShape = faultsOf(ModelsSchema, read, "the file");
  const profiles = recordIn(read, "profiles");
  refuse(file.pathname, [
    ...ofShape,
    ...Object.entries(profiles).flatMap(([name, profile]) => profileFaults(name, profile, providers)),
    ...fallbackFaults(profiles),
    // Names are looked up in a file whose own shape is right.
    ...(ofShape.length === 0 ? [...choiceFaults(conf, profiles, roles), ...embeddingFaults(conf, profiles)] : []),
  ]);
  return conf;
}

function recordIn(value: unknown, name: string): Readonly<Record<string, unknown>> {
  const inner: unknown = isRecord(value) ? value[name] : undefined;
  return isRecord(inner) ? inner : {};
}

/** A profile of any provider, and by the settings of one. */
const ANY_PROFILE = Type.Object(PROFILE, { additionalProperties: true });
const whole = new WeakMap<TObject, TObject>();

function profileSchema(settings: TObject | undefined): TObject {
  if (settings === undefined) return ANY_PROFILE;
  const known = whole.get(settings);
  if (known !== undefined) return known;
  const schema = Type.Object({ ...PROFILE, ...settings.properties }, { additionalProperties: false });
  whole.set(settings, schema);
  return schema;
}

function profileFaults(name: string, profile: unknown, providers: ProviderSettings): string[] {
  const where = `/profiles/${name}`;
  if (!isRecord(profile)) return [`${where} must be object`];
  const { faults, rest } = misplaced(where, profile);
  const provider = String(profile.provider);
  const settings = Object.hasOwn(providers, provider) ? providers[provider] : undefined;
  const unknown = settings === undefined && typeof profile.provider === "string";
  return [
    ...faults,
    ...(unknown ? [`${where} has provider "${provider}"; there are ${Object.keys(providers).join(", ")}`] : []),
    ...faultsOf(profileSchema(settings), rest, "").map((fault) => `${where}${fault}`),
  ];
}
