import { randomUUID } from "node:crypto";
import type { RunnableConfig } from "@langchain/core/runnables";
import {
  BaseCheckpointSaver,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointTuple,
  type PendingWrite,
  type SerializerProtocol,
} from "@langchain/langgraph-checkpoint";
import { SomaError, toSomaError } from "@soma/shared/errors";
import { isTenant } from "@soma/shared/identity/principal";
import { toStorableJson } from "@soma/shared/json";
import { connect, type Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { createHeadsSeen, type Place } from "./domain/heads-seen.ts";
import { checkText, toPlace, toScope } from "./keys.ts";
import { serializeChannels, serializeMetadata, serializeWrites } from "./serialize.ts";
import { deleteThread } from "./store/delete-thread.ts";
import { findCheckpoint } from "./store/find-checkpoint.ts";
import { findPieces } from "./store/find-pieces.ts";
import { listCheckpoints } from "./store/list-checkpoints.ts";
import { listWritesOf } from "./store/list-writes-of.ts";
import { type HeadRule, putCheckpoint } from "./store/put-checkpoint.ts";
import { putWrites } from "./store/put-writes.ts";
import { releasePieces } from "./store/release-pieces.ts";
import type { CheckpointRow } from "./store/rows.ts";
import { configOf, toTuples } from "./to-tuples.ts";

export interface SomaSaverOptions {
  /** Of the role `soma_request`. */
  url: string;
  /** Whose threads these are; no other tenant's are seen. */
  tenant: string;
  /** Schema of the tables, `langgraph` when left out. */
  schema?: string;
  /** Connections at most, 10 when left out. */
  max?: number;
  /**
   * What becomes of a put by somebody who did not know of a newer checkpoint: `one` refuses it with the code FENCED, and is
   * meant when left out; `many` lets it fork the thread.
   */
  writers?: "one" | "many";
  serde?: SerializerProtocol;
}

/** Places whose newest checkpoint is remembered; some hundred bytes each. */
const HEADS_SEEN = 10_000;
/** Rows of a list that are read at once. */
const PAGE = 50;
/** Reads of rows whose pieces were dropped meanwhile; a thread is deleted once. */
const READS = 3;

/**
 * Keeps the checkpoints of LangGraph's graphs in the database of SomaAgent01: a put is one statement, big values are stored once,
 * and of two processes that continue the same thread only one succeeds.
 */
export class SomaSaver extends BaseCheckpointSaver {
  readonly #sql: Sql;
  readonly #tenant: string;
  readonly #writers: "one" | "many";
  readonly #writer = randomUUID();
  readonly #seen = createHeadsSeen(HEADS_SEEN);

  constructor({ url, tenant, schema = "langgraph", max = 10, writers = "one", serde }: SomaSaverOptions) {
    super(serde);
    if (!isTenant(tenant)) throw new SomaError("BAD_INPUT", `tenant "${tenant}" is not 1 to 40 of a-z, 0-9 and -`);
    this.#tenant = tenant;
    this.#writers = writers;
    // Every connection is the tenant's for as long as it lives, so a statement needs no transaction around it to say whose it is.
    const parameters = { "soma.tenant": tenant };
    this.#sql = connect({ url, schema, applicationName: "soma-langgraph", max, parameters });
  }

  /** Ends the connections. */
  async close(): Promise<void> {
    await this.#sql.end({ timeout: 5 });
  }

  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    return this.#find(config, (row) => this.#note(row));
  }

  override async *list(
    config: RunnableConfig,
    { before, filter = {}, limit = Number.POSITIVE_INFINITY }: CheckpointListOptions = {},
  ): AsyncGenerator<CheckpointTuple> {
    const older = before === undefined ? undefined : toScope(before).checkpointId;
    const wanted = {
      tenant: this.#tenant,
      ...toScope(config),
      before: older,
      filter: toStorableJson(filter) as object,
    };
    let after: CheckpointRow | undefined;
    for (let left = limit; left > 0; ) {
      const page = { ...wanted, after, limit: Math.min(PAGE, left) };
      const { rows, tuples } = await this.#read(() => listCheckpoints(this.#sql, page));
      for (const row of rows) this.#note(row);
      yield* tuples;
      if (rows.length < page.limit) return;
      after = rows.at(-1);
      left -= rows.length;
    }
  }

  /** Keeps a checkpoint. Throws FENCED when its thread has one that whoever continues it here does not know of. */
  override async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    const act = "put a checkpoint";
    const parent = toPlace(config, act);
    const { threadId, namespace, checkpointId: parentId } = parent;
    const { channel_values: _, ...body } = checkpoint;
    const checkpointId = checkText("checkpoint.id", checkpoint.id, act);
    const head = this.#headRule(parent, metadata);
    const changed = head.rule === "is" || parentId === undefined ? newVersions : checkpoint.channel_versions;
    const channels = await serializeChannels(this.serde, checkpoint, Object.keys(changed));
    const kept = await this.#ask(async () =>
      putCheckpoint(this.#sql, {
        ...{ tenant: this.#tenant, threadId, namespace, checkpointId, parentId, writer: this.#writer, head, body },
        ...{ changed: channels.kept, pieces: channels.pieces, ...(await serializeMetadata(this.serde, metadata)) },
      }),
    );
    if (!kept) throw await this.#fenced(parent, checkpointId);
    this.#seen.note({ ...parent, checkpointId }, checkpointId);
    return configOf(parent, checkpointId);
  }

  override async putWrites(
    config: RunnableConfig,
    writes: PendingWrite[],
    taskId: string,
    taskPath = "",
  ): Promise<void> {
    const act = "put what a task wrote";
    const { threadId, namespace, checkpointId } = toPlace(config, act);
    if (checkpointId === undefined)
      throw new SomaError("BAD_INPUT", `cannot ${act}: the config names no checkpoint; pass its checkpoint_id`);
    checkText("the task id", taskId, act);
    const { kept, pieces } = await serializeWrites(this.serde, writes);
    const key = { tenant: this.#tenant, threadId, namespace, checkpointId };
    await this.#ask(() => putWrites(this.#sql, { ...key, taskId, taskPath, writes: kept, pieces }));
  }

  override async deleteThread(threadId: string): Promise<void> {
    const thread = { tenant: this.#tenant, threadId: checkText("thread_id", threadId, "delete a thread") };
    await transaction(this.#sql, { tenant: this.#tenant }, (tx) =>
      releasePieces(tx, thread, () => deleteThread(tx, thread)),
    );
  }

  /** The walk reads checkpoints to rebuild the one that is held, not to go on from them: it must not make them look known. */
  override getDeltaChannelHistory(options: { config: RunnableConfig; channels: string[] }) {
    const quiet = { getTuple: (config: RunnableConfig) => this.#find(config, () => {}) };
    return super.getDeltaChannelHistory.call(quiet as unknown as this, options);
  }

  async #find(config: RunnableConfig, note: (row: CheckpointRow) => void): Promise<CheckpointTuple | undefined> {
    if (config.configurable?.thread_id === undefined) return undefined;
    const place = toPlace(config, "read a checkpoint");
    const { rows, tuples } = await this.#read(async () => {
      const row = await findCheckpoint(this.#sql, { tenant: this.#tenant, ...place });
      if (row?.checkpointId) return [row];
      this.#seen.note({ ...place, checkpointId: undefined }, row?.headId);
      return [];
    });
    rows.forEach(note);
    return tuples[0];
  }

  #note(row: CheckpointRow): void {
    this.#seen.note(row, row.headId);
  }

  #headRule(parent: Place, metadata: CheckpointMetadata): HeadRule {
    // A copy is put beside what it copies, by whoever has just read it.
    if (this.#writers === "many" || metadata.source === "fork") return { rule: "any" };
    const seen = this.#seen.find(parent);
    if (seen !== undefined) return seen.head === undefined ? { rule: "none" } : { rule: "is", headId: seen.head };
    return parent.checkpointId === undefined ? { rule: "writer" } : { rule: "is-or-none", headId: parent.checkpointId };
  }

  async #fenced({ threadId, namespace, checkpointId: parentId }: Place, id: string): Promise<SomaError> {
    const place = { tenant: this.#tenant, threadId, namespace, checkpointId: undefined };
    const row = await this.#ask(() => findCheckpoint(this.#sql, place));
    const found = row === undefined ? "is gone" : `has become ${row.headId} by another writer`;
    return new SomaError(
      "FENCED",
      `cannot put checkpoint ${id} after ${parentId ?? "the beginning"} of thread ${threadId}${namespace && ` (${namespace})`}: ` +
        `its newest checkpoint ${found}; read the thread and go on from there, or name a checkpoint_id to fork it`,
    );
  }

  /** Rows and what they say; read again when pieces were dropped in between. */
  async #read(find: () => Promise<CheckpointRow[]>): Promise<{ rows: CheckpointRow[]; tuples: CheckpointTuple[] }> {
    for (let reads = 0; reads < READS; reads += 1) {
      const rows = await this.#ask(find);
      const tuples = await toTuples(rows, {
        serde: this.serde,
        findPieces: (hashes) => this.#ask(() => findPieces(this.#sql, { tenant: this.#tenant, hashes })),
        listWritesOf: (key) => this.#ask(() => listWritesOf(this.#sql, { tenant: this.#tenant, ...key })),
      });
      if (tuples !== undefined) return { rows, tuples };
    }
    throw new SomaError(
      "INTERNAL",
      "pieces of a value are missing; restore the tables piece and piece_use from a backup",
    );
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toSomaError(error);
    }
  }
}
