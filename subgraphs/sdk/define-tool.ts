import { type Static, type TObject, Type } from "typebox";

/** Writes the schema of a tool's arguments. */
export { Type };

/** What a tool may do when its outcome is lost: run again; run again under the same key; never run again. */
export type Effect = "pure" | "idempotent" | "at_most_once";

/**
 * The least a tool runs in: the tools process, or a child process with a clean environment, from the weakest walls to the strongest.
 * A decision of the policy and the operator's floor raise it and never lower it.
 */
export type Isolation = "none" | "process" | "bubblewrap" | "gvisor";

/** What of the network a tool in a sandbox reaches: nothing, or all that this machine does, its own services included. */
export type Network = "none" | "host";

export type Risk = "low" | "medium" | "high";

/** What a tool may use while it runs. */
export interface ToolContext {
  /** Aborted when the invocation is canceled or runs out of time; a tool in a child process is killed instead. */
  signal: AbortSignal;
  invocationId: string;
  /** The same in every attempt; an idempotent tool applies it once. */
  idempotencyKey: string;
  tenant: string;
  /** Folder for what tools keep; a tool in a child process cannot reach it. */
  dataDir: string;
  /** Writes output that callers see at once. */
  emit(text: string): void;
  now(): Date;
}

/** Where a child process finds what it runs, and the little it may read. */
export interface ChildModule {
  /** `import.meta.url` of the tool's own module, or the URL of one that loads faster and has the same `run`. */
  url: string;
  /** Name of the export; "default" for a tool's own module. */
  name: string;
  /** Files, or folders that end in `/`, that the module reads; a last `*` stands for any ending. */
  allowRead: readonly string[];
  /** Flags for the child's Node, such as heap and stack sizes. */
  nodeFlags: readonly string[];
}

interface ToolFacts {
  /** snake_case; what models and policies call it. */
  name: string;
  version: string;
  description: string;
  risk: Risk;
  effect: Effect;
  isolation: Isolation;
  /** Nothing when left out. What runs in a child process alone is kept from no network. */
  network?: Network;
  /** Milliseconds after which an invocation is stopped. */
  timeoutMs: number;
  /** Bytes of output that are kept; what comes after is dropped and the invocation ends TRUNCATED. */
  maxOutputBytes: number;
  /** Required for every isolation but "none"; with it a tool of isolation "none" can be put into a sandbox by the policy. */
  child?: ChildModule;
}

export interface ToolSpec<Input extends TObject> extends ToolFacts {
  /** The arguments: `Type.Object({...}, { additionalProperties: false })`. Their type and their JSON Schema are made of it. */
  input: Input;
  /** A lower limit for a call, in milliseconds. */
  timeoutOf?(args: Static<Input>): number | undefined;
  /** Does the work. The text it gives is written after what it emitted; together they are the invocation's output. */
  run(args: Static<Input>, context: ToolContext): Promise<string | undefined> | string | undefined;
}

/** A tool whose arguments are known to fit its schema when it is called. */
export interface Tool extends Readonly<ToolFacts> {
  /** JSON Schema 2020-12 of the arguments. */
  readonly inputSchema: { readonly type: "object"; readonly [keyword: string]: unknown };
  timeoutOf?(args: unknown): number | undefined;
  run(args: unknown, context: ToolContext): Promise<string | undefined> | string | undefined;
}

/** A failure that the caller may read and that has a name of its own, such as `bad_expression`. */
export class ToolError extends Error {
  readonly type: string;

  constructor(type: string, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "ToolError";
    this.type = type;
  }
}

const NAME = /^[a-z][a-z0-9_]{0,63}$/;
/** The longest wait a timer can hold, in milliseconds. */
const MAX_LIMIT = 2 ** 31 - 1;

/** Defines a tool. The registry validates every call against the schema first, so `run` may trust its arguments. */
export function defineTool<Input extends TObject>({ input, ...spec }: ToolSpec<Input>): Tool {
  if (!NAME.test(spec.name)) throw new Error(`tool name "${spec.name}" is not snake_case of 1 to 64 characters`);
  if (spec.isolation !== "none" && spec.child === undefined)
    throw new Error(`tool ${spec.name} runs in a child process but does not say where to find it`);
  if (spec.version === "") throw new Error(`tool ${spec.name} has no version`);
  for (const name of ["timeoutMs", "maxOutputBytes"] as const)
    if (!Number.isInteger(spec[name]) || spec[name] < 1 || spec[name] > MAX_LIMIT)
      throw new Error(`tool ${spec.name}: ${name} is ${spec[name]}; it must be a whole number from 1 to ${MAX_LIMIT}`);
  // Typebox keeps notes of its own on a schema; nothing but plain JSON leaves from here.
  const inputSchema = JSON.parse(JSON.stringify(input)) as Tool["inputSchema"];
  return Object.freeze({ ...spec, inputSchema });
}
