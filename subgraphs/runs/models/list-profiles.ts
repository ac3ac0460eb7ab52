import type { ModelProfile } from "@soma/conf/models";
import { whyNot } from "./choose-profile.ts";
import type { ModelSource } from "./model-source.ts";

/** A profile as an operator sees it. */
export interface ProfileReport {
  name: string;
  profile: ModelProfile;
  /** Without a query, which may hold a key; null where the provider knows its own. */
  address: string | null;
  isUsable: boolean;
  /** Why it can be used, or not. */
  why: string;
  /** Whose runs take it when they name none: "product", "role NAME", "tenant NAME". */
  defaultOf: string[];
}

/** Every profile as one tenant has it, each looked at once, all at the same time; other tenants are not told of. */
export async function listProfiles(
  source: ModelSource,
  who: { tenant: string; role: string },
): Promise<ProfileReport[]> {
  const { conf, chosen } = source;
  const { roles = {}, tenants = {} } = conf;
  const defaultsOf = (name: string): string[] => [
    ...(chosen.profile === name ? ["product"] : []),
    ...Object.entries(roles).flatMap(([role, choice]) => (choice.default === name ? [`role ${role}`] : [])),
    ...(Object.hasOwn(tenants, who.tenant) && tenants[who.tenant]?.default === name ? [`tenant ${who.tenant}`] : []),
  ];
  return Promise.all(
    Object.entries(conf.profiles).map(async ([name, profile]) => {
      const refused = whyNot({ tenants }, who, name);
      const found = refused === undefined ? await source.look(name) : { usable: false, why: refused };
      const address = addressOf(profile);
      return { name, profile, address, isUsable: found.usable, why: found.why, defaultOf: defaultsOf(name) };
    }),
  );
}

function addressOf({ baseUrl }: ModelProfile): string | null {
  return baseUrl?.split(/[?#]/)[0] ?? null;
}
