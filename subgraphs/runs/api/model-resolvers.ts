import { OPERATOR } from "@soma/shared/identity/principal";
import { requireOperator } from "../commands/require-operator.ts";
import { createModelTests } from "../commands/test-model.ts";
import { listProfiles } from "../models/list-profiles.ts";
import { toProviderEnum } from "../models/load-providers.ts";
import type { ModelSource } from "../models/model-source.ts";
import type { ModelProvider, ModelStatus, MutationResolvers, QueryResolvers } from "./generated.ts";

interface ModelFields {
  Query: Pick<QueryResolvers, "modelStatus" | "modelProfiles">;
  Mutation: Pick<MutationResolvers, "testModel">;
}

const providerOf = (name: string): ModelProvider => toProviderEnum(name) as ModelProvider;

/** Which models there are, and whether they work. */
export function modelResolvers(source: ModelSource): ModelFields {
  const test = createModelTests(source);
  return {
    Query: {
      modelStatus: () => statusOf(source),
      async modelProfiles(_parent, _args, { principal }) {
        requireOperator(principal);
        const reports = await listProfiles(source, { tenant: principal.tenant, role: OPERATOR });
        return reports.map(({ profile, ...report }) => ({
          ...report,
          provider: providerOf(profile.provider),
          model: profile.model,
          dimensions: profile.embedding?.dimensions ?? null,
          price: profile.price === undefined ? null : { cachedInputPerMillion: null, ...profile.price },
          fallbacks: profile.fallbacks ?? [],
        }));
      },
    },
    Mutation: {
      async testModel(_parent, { input }, { principal }) {
        const { provider, ...tested } = await test(principal, input);
        return { ...tested, provider: providerOf(provider) };
      },
    },
  };
}

function statusOf({ chosen, reason }: ModelSource): ModelStatus {
  const { profile, provider, model, isAi } = chosen;
  return { profile, provider: providerOf(provider), model, isAi, reason };
}
