import { createPublishCompiler, createReadCompiler, type FaultsOf } from "../compile-event.ts";
import { BREAK_RULES, type Break, findBreaks, type Schema } from "./find-breaks.ts";

/** Event schemas by the type of their event. */
type Schemas = ReadonlyMap<string, Schema>;

interface Readable {
  type: string;
  publish: FaultsOf;
  read: FaultsOf;
  examples: readonly unknown[];
}

/** All that is wrong with event schemas, alone and beside those that were released last; empty when nothing is. */
export function findFaults(current: Schemas, released: Schemas): string[] {
  const faults: string[] = [];
  const now = compileAll(current, "", faults);
  const then = compileAll(released, "released ", faults);
  for (const event of now.values()) faults.push(...findFaultsOfExamples(event));
  for (const [type, before] of released) {
    const after = current.get(type);
    if (after === undefined) faults.push(`${type}: it was released, and its file is gone`);
    else faults.push(...findBreaks(before, after).map((broken) => describeBreak(type, broken)));
  }
  for (const [type, before] of then) {
    const after = now.get(type);
    if (after !== undefined) faults.push(...findMisreadings(before, after));
  }
  return faults;
}

/** Those that compile; what keeps the others from it is told. */
function compileAll(schemas: Schemas, kind: string, faults: string[]): Map<string, Readable> {
  const [compileForPublish, compileForRead] = [createPublishCompiler(), createReadCompiler()];
  const compiled = new Map<string, Readable>();
  for (const [type, schema] of schemas) {
    try {
      const examples = Array.isArray(schema.examples) ? (schema.examples as unknown[]) : [];
      compiled.set(type, { type, publish: compileForPublish(schema), read: compileForRead(schema), examples });
    } catch (error) {
      faults.push(`${type}: its ${kind}schema does not compile: ${(error as Error).message}`);
    }
  }
  return compiled;
}

function findFaultsOfExamples({ type, publish, read, examples }: Readable): string[] {
  if (examples.length === 0) return [`${type}: it has no example`];
  return examples.flatMap((example, at) => [
    ...publish(example).map((fault) => `${type}: example ${at + 1} may not be published: ${fault}`),
    ...read(example).map((fault) => `${type}: example ${at + 1} cannot be read: ${fault}`),
  ]);
}

/** Rules are what we think of; this is what readers do: those of today with what was written, and those of then with what is. */
function findMisreadings(before: Readable, after: Readable): string[] {
  const { type } = after;
  return [
    ...before.examples.flatMap((example, at) =>
      after.read(example).map((fault) => `${type}: released example ${at + 1} can be read no longer: ${fault}`),
    ),
    ...after.examples.flatMap((example, at) =>
      before.read(example).map((fault) => `${type}: released readers refuse example ${at + 1}: ${fault}`),
    ),
  ];
}

function describeBreak(type: string, { path, rule }: Break): string {
  return `${type}: ${path}: ${BREAK_RULES[rule]} (${rule}); a new meaning is ${toNextVersion(type)}`;
}

function toNextVersion(type: string): string {
  return type.replace(/\d+$/, (version) => String(Number(version) + 1));
}
