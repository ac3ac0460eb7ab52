import {
  DecideApprovalDocument,
  RaiseBudgetDocument,
  ResumeRunDocument,
  RunApprovalsDocument,
  type RunBudgetInput,
  SignalRunDocument,
} from "@soma/graphql/operations";
import { newId } from "@soma/shared/ids";
import type { ProductUnderTest } from "../product.ts";

/** Runs of each kind: one is let go on after a kill, the other one after a deploy. */
export const HALVES = ["one", "two"] as const;
export type Half = (typeof HALVES)[number];

/** A run that stands still. */
export interface Standing {
  runId: string;
  half: Half;
  /** Of the run that it has started. */
  childId: string | undefined;
}

/** A reason for which a run stands still. */
export interface Kind {
  /** What the agent is called of its runs; the kind's own name when left out. */
  agent?: (half: Half) => string;
  budget?: RunBudgetInput;
  /** What it stands in, as the API calls it; RUNNING when left out. */
  status?: string;
  /** Entry of its history that says why it stands. */
  entry: string;
  /** What it waits for comes about; left out, that is time. */
  release?(product: ProductUnderTest, run: Standing, world: World): Promise<unknown>;
}

/** What is around the product. */
interface World {
  /** The model server answers runs of this half from now on. */
  modelIsBack(half: Half): void;
}

const key = () => ({ idempotencyKey: newId() });

const signal = (product: ProductUnderTest, runId: string) =>
  product.client().request(SignalRunDocument, { input: { runId, name: "go", ...key() } });

async function approve(product: ProductUnderTest, { runId }: Standing): Promise<void> {
  const { run } = await product.client().request(RunApprovalsDocument, { id: runId });
  for (const { id: approvalId } of run?.pendingApprovals ?? [])
    await product.client().request(DecideApprovalDocument, { input: { approvalId, approve: true, ...key() } });
}

const raise = (product: ProductUnderTest, which: { scope: "RUN" | "AGENT"; span: "TOTAL" | "DAY"; name: string }) =>
  product.client().request(RaiseBudgetDocument, {
    input: { ...which, measure: "TOOL_CALLS", by: "1", reason: "it may pay", ...key() },
  });

const dayAgent = (half: Half): string => `day-${half}`;

const KINDS = {
  timer: { entry: "STEP_PARKED" },
  signal: { entry: "STEP_PARKED", release: (product, { runId }) => signal(product, runId) },
  child: { entry: "STEP_PARKED", release: (product, { childId = "" }) => signal(product, childId) },
  approval: { status: "WAITING_APPROVAL", entry: "STEP_PARKED", release: approve },
  retry: { entry: "STEP_RETRIED" },
  once: { status: "WAITING_APPROVAL", entry: "STEP_PARKED", release: approve },
  pause: {
    status: "PAUSED",
    entry: "RUN_PAUSED",
    async release(product, { runId }) {
      await signal(product, runId);
      await product.client().request(ResumeRunDocument, { input: { runId, ...key() } });
    },
  },
  budget: {
    budget: { toolCalls: 1 },
    status: "WAITING_APPROVAL",
    entry: "STEP_PARKED",
    release: (product, { runId }) => raise(product, { scope: "RUN", span: "TOTAL", name: runId }),
  },
  day: {
    agent: dayAgent,
    status: "WAITING_APPROVAL",
    entry: "STEP_PARKED",
    release: (product, { half }) => raise(product, { scope: "AGENT", span: "DAY", name: dayAgent(half) }),
  },
  outage: { entry: "STEP_RETRIED", release: async (_product, { half }, world) => world.modelIsBack(half) },
  branches: {
    status: "WAITING_APPROVAL",
    entry: "STEP_PARKED",
    async release(product, run) {
      await signal(product, run.runId);
      await approve(product, run);
    },
  },
  // Its graph is gone after the first stop, and comes again at the end.
  unknown: { entry: "STEP_PARKED", release: (product, { runId }) => signal(product, runId) },
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;
export const KIND_NAMES = Object.keys(KINDS) as KindName[];
export const kindOf = (name: KindName): Kind => KINDS[name];
