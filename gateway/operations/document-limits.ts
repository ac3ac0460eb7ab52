import { InexactNumber, isExact } from "@soma/schemas/exact-json";
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
  visit,
} from "graphql";
import type { GatewayLimits } from "../ground/limits.ts";
import { documentFault } from "./document-fault.ts";
import { checkSelections, type Fragments, findFragments } from "./document-size.ts";

/**
 * Refuses documents that would cost more than an honest one. Runs before validation and planning, because both take time that
 * grows faster than the document: they open every fragment at each place that spreads it, compare each field with all others of
 * its name, and try the conditions in combination. What is checked first bounds what is checked after it.
 */
export function checkDocumentLimits(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  limits: GatewayLimits,
): void {
  const fragments = findFragments(document);
  checkSelections(document, fragments, limits);
  checkSyntax(document, limits);
  const roots = rootFields(operation.selectionSet, fragments);
  if (roots.length > limits.rootFields)
    throw documentFault(
      `the operation has ${roots.length} fields at its root; at most ${limits.rootFields} are allowed`,
    );
  if (operation.operation === "mutation" && roots.length > limits.mutationsPerRequest)
    throw documentFault(
      `the operation has ${roots.length} mutations; at most ${limits.mutationsPerRequest} are allowed in one request`,
    );
  const depths = new Map<string, number>();
  for (const { name, selectionSet } of roots) {
    const limit = name.startsWith("__") ? limits.introspectionDepth : limits.depth;
    const depth = 1 + (selectionSet === undefined ? 0 : depthOf(selectionSet, fragments, depths));
    if (depth > limit) throw documentFault(`field "${name}" nests ${depth} levels; at most ${limit} are allowed`);
  }
}

/** What is counted where it is written, whether fragments open it once or many times. */
function checkSyntax(document: DocumentNode, limits: GatewayLimits): void {
  let aliases = 0;
  let literals = 0;
  const value = (node: { value: ValueNode }): void => {
    literals += visitsOf(node.value, limits.variablesDepth);
  };
  visit(document, {
    Field(node) {
      if (node.alias !== undefined) aliases += 1;
    },
    Argument: value,
    IntValue: checkExact,
    FloatValue: checkExact,
    VariableDefinition({ defaultValue }) {
      if (defaultValue !== undefined) value({ value: defaultValue });
    },
  });
  if (aliases > limits.aliases)
    throw documentFault(`the document has ${aliases} aliases; at most ${limits.aliases} are allowed`);
  if (literals > limits.literals)
    throw documentFault(
      `the literals of the document count ${literals}, where a list counts twice what it holds; at most ${limits.literals} are allowed; send them as variables`,
    );
}

function checkExact({ value }: { value: string }): void {
  if (!isExact(value)) throw documentFault(new InexactNumber(value, "").message);
}

/** How often the planner looks at a literal and what it holds: it goes through every list twice, so depth is a power of 2. */
function visitsOf(node: ValueNode, levels: number): number {
  if (node.kind !== Kind.LIST && node.kind !== Kind.OBJECT) return 1;
  if (levels === 0) throw documentFault("the literals of the document nest too deep; send them as variables");
  const values = node.kind === Kind.LIST ? node.values : node.fields.map((field) => field.value);
  const inside = values.reduce((sum, each) => sum + visitsOf(each, levels - 1), 0);
  return 1 + (node.kind === Kind.LIST ? 2 * inside : inside);
}

interface RootField {
  name: string;
  selectionSet: SelectionSetNode | undefined;
}

/** Root fields with fragments opened; how many selections there are in all was checked before. */
function rootFields(set: SelectionSetNode, fragments: Fragments): RootField[] {
  return set.selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [{ name: selection.name.value, selectionSet: selection.selectionSet }];
    const inner = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
    return inner === undefined ? [] : rootFields(inner.selectionSet, fragments);
  });
}

/** Deepest nesting of fields. Each fragment is measured once. */
function depthOf(set: SelectionSetNode, fragments: Fragments, depths: Map<string, number>): number {
  let deepest = 0;
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) {
      const inner = selection.selectionSet === undefined ? 0 : depthOf(selection.selectionSet, fragments, depths);
      deepest = Math.max(deepest, 1 + inner);
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      deepest = Math.max(deepest, depthOf(selection.selectionSet, fragments, depths));
    } else {
      deepest = Math.max(deepest, fragmentDepth(selection.name.value, fragments, depths));
    }
  }
  return deepest;
}

function fragmentDepth(name: string, fragments: Fragments, depths: Map<string, number>): number {
  const known = depths.get(name);
  if (known !== undefined) return known;
  const fragment: FragmentDefinitionNode | undefined = fragments.get(name);
  const depth = fragment === undefined ? 0 : depthOf(fragment.selectionSet, fragments, depths);
  depths.set(name, depth);
  return depth;
}
