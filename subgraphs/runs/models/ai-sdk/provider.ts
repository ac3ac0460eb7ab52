import { Type } from "typebox";
import { settingsFault } from "../http/key.ts";
import { defineProvider } from "../provider.ts";
import { readKey } from "../read-key.ts";
import { createAiSdkClient } from "./client.ts";
import { isInstalled } from "./load-model.ts";

const settings = Type.Object({
  package: Type.String({
    pattern: "^(?:@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*$",
    description: "package of the AI SDK that knows the provider, such as @ai-sdk/anthropic",
  }),
  options: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), { description: "what else the package takes, such as region" }),
  ),
  optionsEnv: Type.Optional(
    Type.Record(Type.String(), Type.String(), {
      description: "environment variables that hold such options, such as secretAccessKey: AWS_SECRET_ACCESS_KEY",
    }),
  ),
  providerOptions: Type.Optional(
    Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
      description: "what goes with each request, by the name of the provider, such as anthropic: { thinking: ... }",
    }),
  ),
});

/**
 * Providers with a wire of their own, by their packages of the AI SDK: Anthropic, Google, Amazon Bedrock, and whatever
 * else is installed.
 */
export default defineProvider({
  name: "ai-sdk",
  settings,
  async look({ name, profile, env, fetch }) {
    const { baseUrl, optionsEnv = {} } = profile;
    const { apiKey, from, fault: keyFault } = readKey(profile, env);
    const unset = Object.values(optionsEnv).filter((variable) => (env[variable]?.trim() ?? "") === "");
    if (keyFault !== undefined || unset.length > 0)
      return { usable: false, why: keyFault ?? `${unset.join(", ")} is not set` };
    const fault = settingsFault(baseUrl ?? "https://unknown", apiKey);
    if (fault !== undefined) return { usable: false, why: fault };
    if (profile.model === "") return { usable: false, why: "it names no model, and packages of the AI SDK list none" };
    if (!isInstalled(profile.package))
      return { usable: false, why: `the package ${profile.package} is not installed; npm install ${profile.package}` };
    const byEnv = Object.fromEntries(
      Object.entries(optionsEnv).map(([option, variable]) => [option, env[variable]?.trim()]),
    );
    const made = {
      ...(profile.options ?? {}),
      ...byEnv,
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(baseUrl === undefined ? {} : { baseURL: baseUrl }),
    };
    const secrets = [apiKey, ...Object.values(byEnv)].filter((secret) => secret !== undefined);
    const providerOptions = profile.providerOptions as Parameters<typeof createAiSdkClient>[0]["providerOptions"];
    return {
      usable: true,
      why: `${from === undefined ? "" : `${from} is set, so `}${profile.model} of ${profile.package} is used`,
      client: createAiSdkClient({ ...profile, profile: name, settings: made, secrets, providerOptions, fetch }),
    };
  },
});
