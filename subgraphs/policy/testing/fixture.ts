import type { EventBus } from "@soma/shared/bus/event-bus";
import { createLocalBus } from "@soma/shared/bus/local-bus";
import { createServiceClient, type ServiceClient } from "@soma/shared/graphql/service-client";
import { createPrincipalSigner } from "@soma/shared/identity/internal-token";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import type { Running } from "@soma/shared/subgraph-settings";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { aPrincipal, createKeys, type TestKeys } from "@soma/shared/testing/principals";
import { startPolicy } from "../main.ts";
import { policyMigrations } from "../migrate.ts";

const DECIDE = `mutation ($input: DecideInput!) { decide(input: $input) { token decision { id allow reason expiresAt policyVersion argsDigest } } }`;

// biome-ignore lint/suspicious/noExplicitAny: answers of ad hoc documents
export type Answer = any;

export interface PolicyFixture {
  database: TestDatabase;
  /** Signs decisions. */
  decisions: TestKeys;
  /** A policy part on the database, with settings of its own. */
  start(changes?: Record<string, string>, bus?: EventBus): Promise<Running>;
  /** A client that signs as the gateway, or with another key. */
  clientOf(running: Running, keys?: TestKeys): Promise<ServiceClient>;
  close(): Promise<void>;
}

/** A database and keys for tests of the policy subgraph. */
export async function createPolicyFixture(name: string): Promise<PolicyFixture> {
  const database = await createTestDatabase(name, await policyMigrations());
  const [internal, decisions] = await Promise.all([createKeys(), createKeys()]);
  const env = {
    DATABASE_URL: database.urls.request,
    WORKER_DATABASE_URL: database.urls.worker,
    SOMA_POLICY_SCHEMA: database.schema,
    SOMA_INTERNAL_VERIFY_KEY: JSON.stringify(internal.publicKey),
    SOMA_DECISION_SIGNING_KEY: JSON.stringify(decisions.privateKey),
  };
  const started: Running[] = [];
  return {
    database,
    decisions,
    async start(changes = {}, bus = createLocalBus()) {
      const running = await startPolicy({ env: { ...env, ...changes }, bus, log: createSilentLog() });
      started.push(running);
      return running;
    },
    async clientOf({ url }, { privateKey } = internal) {
      return createServiceClient({
        peer: "policy",
        url,
        sign: createPrincipalSigner(privateKey, "soma-gateway"),
      });
    },
    async close() {
      await Promise.all(started.map((running) => running.close()));
      await database.close();
    },
  };
}

/** Asks for a decision about a call with complete defaults, under a key of its own. */
export async function askToDecide(to: ServiceClient, changes: object = {}, principal = aPrincipal()): Promise<Answer> {
  const call = { tool: "code_run", toolVersion: "1", risk: "HIGH", args: { code: "1" }, role: "assistant" };
  const input = { ...call, idempotencyKey: newId(), ...changes };
  const { decide } = (await to.request(DECIDE, { input }, { principal })) as Answer;
  return { ...decide.decision, token: decide.token };
}
