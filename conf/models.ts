import { type Static, type TObject, Type } from "typebox";
import { faultsOf, readConf, refuse, SHIPPED_CONF } from "./read-conf.ts";

const TimeoutsSchema = Type.Object(
  {
    connect: Type.Integer({ minimum: 1, description: "milliseconds until a connection is there" }),
    firstToken: Type.Integer({ minimum: 1, description: "milliseconds until the model has made its first token" }),
    silence: Type.Optional(
      Type.Integer({ minimum: 1, description: "milliseconds until more of an answer comes that has begun; 60000" }),
    ),
    total: Type.Integer({ minimum: 1, description: "milliseconds until the answer is finished" }),
  },
  { additionalProperties: false },
);

/** What every profile has, whoever its provider is. */
const PROFILE = {
  provider: Type.String({ description: "name of a provider" }),
  model: Type.String({ description: "name the provider knows it by; empty takes the first one the provider lists" }),
  timeoutsMs: TimeoutsSchema,
};

const ModelsSchema = Type.Object(
  {
    default: Type.String({ description: '"auto", or the name of a profile' }),
    auto: Type.Array(Type.String(), { minItems: 1, description: "order in which auto looks; the first usable wins" }),
    profiles: Type.Record(Type.String(), Type.Object(PROFILE), { minProperties: 1 }),
  },
  { additionalProperties: false },
);

/** A profile; what its provider adds has been checked by that provider's schema. */
export type ModelProfile = Static<typeof ModelsSchema>["profiles"][string];
export type ModelsConf = Static<typeof ModelsSchema>;

/** The settings a provider adds to a profile, by the provider's name. */
export type ProviderSettings = Readonly<Record<string, TObject>>;

/** Which language model answers: models.yaml of a folder, each profile checked by the schema of its provider. */
export function loadModels(providers: ProviderSettings, folder: URL = SHIPPED_CONF): ModelsConf {
  const conf = readConf(new URL("models.yaml", folder), ModelsSchema);
  const named = [...(conf.default === "auto" ? [] : [conf.default]), ...conf.auto];
  const unknown = named.filter((name) => !Object.hasOwn(conf.profiles, name));
  refuse("models.yaml", [
    ...(unknown.length === 0 ? [] : [`it names profiles it does not have: ${unknown.join(", ")}`]),
    ...Object.entries(conf.profiles).flatMap(([name, profile]) => profileFaults(name, profile, providers)),
  ]);
  return conf;
}

function profileFaults(name: string, profile: ModelProfile, providers: ProviderSettings): string[] {
  const settings = Object.hasOwn(providers, profile.provider) ? providers[profile.provider] : undefined;
  const where = `/profiles/${name}`;
  if (settings === undefined)
    return [`${where} has provider "${profile.provider}"; there are ${Object.keys(providers).join(", ")}`];
  const whole = Type.Object({ ...PROFILE, ...settings.properties }, { additionalProperties: false });
  return faultsOf(whole, profile, "").map((fault) => `${where}${fault}`);
}
