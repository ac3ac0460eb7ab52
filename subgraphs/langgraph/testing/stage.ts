import { type Checkpoint, type CheckpointTuple, emptyCheckpoint, uuid6 } from "@langchain/langgraph-checkpoint";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { langgraphMigrations } from "../migrate.ts";
import { SomaSaver, type SomaSaverOptions } from "../saver.ts";

export interface Stage {
  database: TestDatabase;
  /** A saver as a process of its own has it: it shares nothing with another but the database. */
  open(options?: Partial<SomaSaverOptions>): SomaSaver;
  close(): Promise<void>;
}

export async function createStage(): Promise<Stage> {
  const database = await createTestDatabase("langgraph", await langgraphMigrations());
  const savers: SomaSaver[] = [];
  return {
    database,
    open(options = {}) {
      const saver = new SomaSaver({
        ...{ url: database.urls.request, schema: database.schema, tenant: "acme", max: 2 },
        ...options,
      });
      savers.push(saver);
      return saver;
    },
    async close() {
      await Promise.all(savers.map((saver) => saver.close()));
      await database.close();
    },
  };
}

let clock = 0;

/** A checkpoint with these values, each at the version given, else at 1. */
export function checkpointOf(values: Record<string, unknown> = {}, versions: Record<string, number> = {}): Checkpoint {
  clock += 1;
  const names = Object.keys({ ...values, ...versions });
  const channel_versions = Object.fromEntries(
    names.map((name) => [name, Object.hasOwn(versions, name) ? (versions[name] as number) : 1]),
  );
  return { ...emptyCheckpoint(), id: uuid6(clock), channel_values: values, channel_versions };
}

export const METADATA = { source: "loop" as const, step: 0, parents: {} };

export const threadOf = (thread_id: string, checkpoint_id?: string) => ({
  configurable: { thread_id, checkpoint_ns: "", ...(checkpoint_id === undefined ? {} : { checkpoint_id }) },
});

/** Puts a checkpoint after the one of a config; gives the config of the new one. */
export async function putNext(saver: SomaSaver, config: ReturnType<typeof threadOf>, checkpoint = checkpointOf()) {
  const next = await saver.put(config, checkpoint, METADATA, checkpoint.channel_versions);
  return threadOf(next.configurable?.thread_id, next.configurable?.checkpoint_id);
}

/** The checkpoints of a thread, newest first. */
export async function listOf(saver: SomaSaver, config: ReturnType<typeof threadOf>): Promise<CheckpointTuple[]> {
  return Array.fromAsync(saver.list(config));
}

/** From the newest checkpoint of a thread back to its first. */
export async function chainOf(saver: SomaSaver, threadId: string): Promise<string[]> {
  const ids: string[] = [];
  for (let tuple = await saver.getTuple(threadOf(threadId)); tuple !== undefined; ) {
    ids.push(tuple.checkpoint.id);
    tuple = tuple.parentConfig === undefined ? undefined : await saver.getTuple(tuple.parentConfig);
  }
  return ids;
}
