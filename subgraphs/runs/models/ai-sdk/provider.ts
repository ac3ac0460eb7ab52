import type { ModelProfile } from "@soma/conf/models";
import { type Static, Type } from "typebox";
import { settingsFault } from "../http/key.ts";
import { defineProvider, type LookParams } from "../provider.ts";
import { readKey } from "../read-key.ts";
import { type AiSdkOptions, createAiSdkClient } from "./client.ts";
import { createAiSdkEmbeddings } from "./embedding-client.ts";
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

type AiSdkProfile = ModelProfile & Static<typeof settings>;

/** What a package is given, or what is missing for it. */
function made({ name, profile, env, fetch }: LookParams<AiSdkProfile>) {
  const { baseUrl, optionsEnv = {} } = profile;
  const { apiKey, from, fault: keyFault } = readKey(profile, env);
  const unset = Object.values(optionsEnv).filter((variable) => (env[variable]?.trim() ?? "") === "");
  if (keyFault !== undefined || unset.length > 0) return { fault: keyFault ?? `${unset.join(", ")} is not set` };
  const fault = settingsFault(baseUrl ?? "https://unknown", apiKey);
  if (fault !== undefined) return { fault };
  if (profile.model === "") return { fault: "it names no model, and packages of the AI SDK list none" };
  if (!isInstalled(profile.package))
    return { fault: `the package ${profile.package} is not installed; npm install ${profile.package}` };
  const byEnv = Object.fromEntries(
    Object.entries(optionsEnv).map(([option, variable]) => [option, env[variable]?.trim()]),
  );
  const given = {
    ...(profile.options ?? {}),
    ...byEnv,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(baseUrl === undefined ? {} : { baseURL: baseUrl }),
  };
  const secrets = [apiKey, ...Object.values(byEnv)].filter((secret) => secret !== undefined);
  const providerOptions = profile.providerOptions as AiSdkOptions["providerOptions"];
  const why = `${from === undefined ? "" : `${from} is set, so `}${profile.model} of ${profile.package} is used`;
  return { why, options: { ...profile, profile: name, settings: given, secrets, providerOptions, fetch } };
}

/**
 * Providers with a wire of their own, by their packages of the AI SDK: Anthropic, Google, Amazon Bedrock, and whatever
 * else is installed.
 */
export default defineProvider({
  name: "ai-sdk",
  settings,
  async look(params) {
    const { fault, why, options } = made(params);
    if (fault !== undefined) return { usable: false, why: fault };
    return { usable: true, why, client: createAiSdkClient(options) };
  },
  async lookForEmbeddings(params) {
    const { fault, why, options } = made(params);
    const { dimensions, shorten } = params.profile.embedding;
    if (fault !== undefined) return { usable: false, why: fault };
    if (shorten === true)
      return { usable: false, why: "its package is told of shorter vectors by providerOptions, not by shorten" };
    return { usable: true, why, client: createAiSdkEmbeddings({ ...options, dimensions }) };
  },
});
