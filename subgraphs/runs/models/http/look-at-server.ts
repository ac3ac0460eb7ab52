import type { ModelProfile } from "@soma/conf/models";
import { type Static, Type } from "typebox";
import type { Look, LookParams } from "../provider.ts";
import { isLoopback } from "../proxies.ts";
import { readKey } from "../read-key.ts";
import { basesOf, placeOf, repairAddress } from "./address.ts";
import { settingsFault } from "./key.ts";
import { listModels } from "./list-models.ts";
import type { ServerClientOptions } from "./server-client.ts";

/** For a server of this machine, which is only looked for: it answers in a few milliseconds when it is there. */
const LOCAL_PROBE_MS = 300;
/** For a server that was named; across a network, with a TLS handshake. */
const NAMED_PROBE_MS = 5_000;

/** What a profile says of a server that has an address. */
export const serverSettings = Type.Object({
  baseUrl: Type.String({
    minLength: 1,
    description: "what its operations have in common, such as http://127.0.0.1:11434/v1",
  }),
});
type ServerProfile = ModelProfile & Static<typeof serverSettings>;

/**
 * Whether the server of a profile can be used here and now: its key, its address, and the models it lists where nothing
 * says enough.
 */
export async function lookAtServer<P extends ServerProfile, C>(
  { name, profile, env, fetch, named }: LookParams<P>,
  create: (options: P & ServerClientOptions) => C,
): Promise<Look<C>> {
  const written = repairAddress(profile.baseUrl);
  const { apiKey, from, fault: keyFault } = readKey(profile, env);
  if (keyFault !== undefined) return { usable: false, why: keyFault };
  const fault = settingsFault(written, apiKey);
  if (fault !== undefined) return { usable: false, why: fault };
  // A key or the address itself was given on purpose and is taken at its word, so that a start needs no network.
  const trusted = profile.model !== "" && (apiKey !== undefined || name === "custom");
  const limitMs = isLoopback(new URL(written)) && !named ? LOCAL_PROBE_MS : NAMED_PROBE_MS;
  const forVectors = profile.embedding !== undefined;
  const listed = trusted
    ? { base: written, models: [profile.model] }
    : await listModels({ bases: basesOf(written), apiKey, fetch, limitMs, forVectors });
  if (typeof listed === "string") return { usable: false, why: listed, isAway: true };
  const baseUrl = listed.base;
  const model = profile.model === "" ? (listed.models[0] ?? "") : profile.model;
  const why = toWhy(from, trusted, model, placeOf(baseUrl));
  return { usable: true, why, client: create({ ...profile, profile: name, baseUrl, model, apiKey, fetch }) };
}

function toWhy(keyFrom: string | undefined, trusted: boolean, model: string, baseUrl: string): string {
  if (keyFrom !== undefined) return `${keyFrom} is set, so ${model} at ${baseUrl} is used`;
  return trusted ? `${model} at ${baseUrl} is used` : `a server answers at ${baseUrl} and ${model} is used`;
}
