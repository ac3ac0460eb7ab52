import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Tool } from "@soma/sdk/define-tool";
import {
  createDecisionSigner,
  createDecisionVerifier,
  type DecisionClaims,
  type VerifyDecision,
} from "@soma/shared/identity/decision-token";
import type { Principal } from "@soma/shared/identity/principal";
import { newId } from "@soma/shared/ids";
import { digest } from "@soma/shared/json";
import { createSilentLog } from "@soma/shared/log";
import { connect } from "@soma/shared/postgres/connect";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { aPrincipal, createKeys, type TestKeys } from "@soma/shared/testing/principals";
import { createWakeUp } from "@soma/shared/wake-up";
import { cancelInvocation } from "../commands/cancel-invocation.ts";
import { type InvokeToolDeps, invokeTool } from "../commands/invoke-tool.ts";
import type { InvokeToolInput } from "../commands/to-call.ts";
import { createRegistry } from "../execution/catalog/registry.ts";
import { type ExecutorLife, startExecutorLife } from "../execution/invocations/executor-life.ts";
import { InvocationRunner } from "../execution/invocations/invocation-runner.ts";
import { openSandboxes } from "../execution/sandboxes/open-sandboxes.ts";
import { toolsMigrations } from "../migrate.ts";
import type { InvocationRow } from "../store/tables.ts";

export interface ToolsFixture {
  database: TestDatabase;
  keys: TestKeys;
  dataDir: string;
  /** A token for a call, as the policy signs it; `changes` make it one for another. */
  decide(
    call: { tool: string; args: unknown; idempotencyKey: string },
    changes?: Partial<DecisionClaims>,
    ttlSeconds?: number,
  ): Promise<string>;
  /** A tools process without its network: what it runs, it runs under a life of its own. */
  start(tools: readonly Tool[], concurrency?: number): Promise<ToolsProcess>;
  close(): Promise<void>;
}

export interface ToolsProcess {
  deps: InvokeToolDeps & { life: ExecutorLife };
  /** Invokes under a fresh decision of the principal, unless the input brings a token. */
  invoke(
    input: Omit<InvokeToolInput, "decisionToken"> & { decisionToken?: string },
    principal?: Principal,
  ): Promise<InvocationRow>;
  cancel(invocationId: string, principal?: Principal): Promise<InvocationRow>;
  close(): Promise<void>;
}

/** Risks of the shipped tools; the tests' own ones are low. */
const RISKS: Readonly<Record<string, string>> = { code_run: "high", http_fetch: "medium", note_append: "medium" };

/** A database, keys and a data folder for tests of the tools subgraph. */
export async function createToolsFixture(name: string): Promise<ToolsFixture> {
  const database = await createTestDatabase(name, await toolsMigrations());
  const keys = await createKeys();
  const decide = await createDecide(keys);
  const verifyDecision = createDecisionVerifier(keys.publicKey);
  const dataDir = await mkdtemp(join(tmpdir(), "soma-tools-"));
  const started: ToolsProcess[] = [];
  return {
    database,
    keys,
    dataDir,
    decide,
    async start(tools, concurrency = 16) {
      const running = await startProcess({ database, dataDir, decide, verifyDecision }, tools, concurrency);
      started.push(running);
      return running;
    },
    async close() {
      await Promise.all(started.map((running) => running.close()));
      await database.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function createDecide(keys: TestKeys): Promise<ToolsFixture["decide"]> {
  const sign = createDecisionSigner(keys.privateKey);
  return ({ tool, args, idempotencyKey }, changes = {}, ttlSeconds = 60) => {
    const { tenant, subject } = aPrincipal();
    const claims = {
      tenant,
      actor: subject,
      role: "assistant",
      tool,
      toolVersion: "1",
      risk: RISKS[tool] ?? "low",
      argsDigest: digest(args),
      decisionId: newId(),
      idempotencyKey,
      obligations: {},
      runId: null,
      stepId: null,
      ...changes,
    };
    return sign(claims, new Date(Date.now() + ttlSeconds * 1_000));
  };
}

type ProcessParts = Pick<ToolsFixture, "database" | "dataDir" | "decide"> & { verifyDecision: VerifyDecision };

async function startProcess(parts: ProcessParts, tools: readonly Tool[], concurrency: number): Promise<ToolsProcess> {
  const { database, dataDir, decide, verifyDecision } = parts;
  const log = createSilentLog();
  const { schema } = database;
  const liveness = connect({ url: database.urls.worker, schema, applicationName: `${schema}-liveness`, max: 1 });
  const life = await startExecutorLife({ sql: { worker: database.worker, liveness }, log });
  const wakeUp = createWakeUp();
  const sandboxes = await openSandboxes("process", log);
  const runner = new InvocationRunner({ sql: database, life, wakeUp, dataDir, concurrency, sandboxes, log });
  const deps = { sql: database.request, registry: createRegistry(tools), runner, life, wakeUp, verifyDecision };
  let closed: Promise<void> | undefined;
  return {
    deps,
    async invoke(input, principal = aPrincipal()) {
      const place = { runId: input.runId ?? null, stepId: input.stepId ?? null };
      const decisionToken =
        input.decisionToken ?? (await decide(input, { tenant: principal.tenant, actor: principal.subject, ...place }));
      return invokeTool(deps, principal, { ...input, decisionToken });
    },
    cancel: (invocationId, principal = aPrincipal()) =>
      cancelInvocation(deps, principal, { invocationId, idempotencyKey: `cancel ${invocationId}` }),
    close() {
      closed ??= runner
        .close()
        .then(() => life.close())
        .then(() => liveness.end({ timeout: 1 }));
      return closed;
    },
  };
}
