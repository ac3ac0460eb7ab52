import { RetryLater, SomaError } from "@soma/shared/errors";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import { OPERATOR, type Principal } from "@soma/shared/identity/principal";
import { requestSignal } from "@soma/shared/request-signal";
import { LRUCache } from "lru-cache";
import type { Who } from "../models/choose-profile.ts";
import type { ModelSource } from "../models/model-source.ts";
import { type ModelCheck, tryEmbeddings, tryModel } from "../models/try-model.ts";
import { requireOperator } from "./require-operator.ts";

/** Tests of one tenant in a minute, in one process: each asks a model up to three times, which costs money. */
const MAX_TESTS = 6;
const MINUTE_MS = 60_000;
const TENANTS = 1_000;

type Source = Pick<ModelSource, "open" | "openEmbeddings" | "conf">;

export interface ModelTest {
  profile: string;
  provider: string;
  model: string;
  checks: ModelCheck[];
}

export interface TestModelParams {
  profile: string;
  idempotencyKey: string;
}

/**
 * Tests profiles for operators, in their own tenant. For a minute the same key gives the same test, and with another
 * profile IDEMPOTENCY_CONFLICT.
 */
export function createModelTests(source: Source) {
  const limits = { max: TENANTS, ttl: MINUTE_MS, noUpdateTTL: true };
  const counts = new LRUCache<string, number>(limits);
  const made = new LRUCache<string, { profile: string; test: Promise<ModelTest> }>(limits);

  async function test(tenant: string, profile: string): Promise<ModelTest> {
    const count = (counts.get(tenant) ?? 0) + 1;
    if (count > MAX_TESTS)
      throw new RetryLater(
        `tenant ${tenant} has tested models ${MAX_TESTS} times within a minute; each test costs money`,
        counts.getRemainingTTL(tenant),
      );
    counts.set(tenant, count);
    const { provider, model, checks } = await tryProfile(source, profile, { tenant, role: OPERATOR });
    return { profile, provider, model, checks };
  }

  return async (principal: Principal, { profile, idempotencyKey }: TestModelParams): Promise<ModelTest> => {
    requireOperator(principal);
    checkIdempotencyKey(idempotencyKey);
    const { tenant } = principal;
    const { profiles } = source.conf;
    if (!Object.hasOwn(profiles, profile))
      throw new SomaError(
        "BAD_INPUT",
        `there is no model profile "${profile}"; models.yaml has ${Object.keys(profiles).join(", ")}`,
      );
    const key = `${tenant}/${idempotencyKey}`;
    const known = made.get(key);
    if (known === undefined) {
      const begun = { profile, test: test(tenant, profile) };
      made.set(key, begun);
      return begun.test;
    }
    if (known.profile === profile) return known.test;
    throw new SomaError(
      "IDEMPOTENCY_CONFLICT",
      `idempotency key "${idempotencyKey}" belongs to a test of ${known.profile}; use a new key`,
    );
  };
}

/** A profile whose model makes vectors is asked for two; any other small questions. */
async function tryProfile(source: Source, profile: string, who: Who) {
  const signal = requestSignal() ?? new AbortController().signal;
  if (source.conf.profiles[profile]?.embedding === undefined) {
    const client = await source.open(profile, who);
    return { ...client, checks: await tryModel(client, signal) };
  }
  const client = await source.openEmbeddings(profile, who);
  return { ...client, checks: await tryEmbeddings(client, signal) };
}
