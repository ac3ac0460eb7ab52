import type { ModelProfile } from "@soma/conf/models";
import type { ModelServer } from "@soma/sdk/model-client";
import { PROVIDER_AT, PROVIDER_OF } from "./gen-ai.ts";

/** Who answers for a profile, and where as far as the profile says: behind a proxy, the server and not the proxy. */
export function toServedBy(profile: ModelProfile): ModelServer {
  const { provider, baseUrl = "" } = profile;
  const name = "package" in profile ? String(profile.package) : "";
  const byPackage = Object.hasOwn(PROVIDER_OF, name) ? PROVIDER_OF[name] : undefined;
  if (!URL.canParse(baseUrl)) return { provider: byPackage ?? provider };
  const { hostname, port, protocol } = new URL(baseUrl);
  return {
    provider: byPackage ?? PROVIDER_AT.find(([host]) => host.test(hostname))?.[1] ?? provider,
    address: hostname,
    port: port === "" ? (protocol === "http:" ? 80 : 443) : Number(port),
  };
}
