import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  visit,
} from "graphql";
import type { GatewayLimits } from "../ground/limits.ts";
import { documentFault } from "./document-fault.ts";

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** Refuses documents that would cost more than an honest one: too deep, too many aliases, too many fields at the root. */
export function checkDocumentLimits(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  limits: GatewayLimits,
): void {
  const fragments: Fragments = new Map(
    document.definitions
      .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );
  checkAliases(document, limits);
  const roots = rootFields(operation.selectionSet, fragments, new Set());
  if (roots.length > limits.rootFields)
    throw documentFault(
      `the operation has ${roots.length} fields at its root; at most ${limits.rootFields} are allowed`,
    );
  const depths = new Map<string, number>();
  for (const { name, selectionSet } of roots) {
    const limit = name.startsWith("__") ? limits.introspectionDepth : limits.depth;
    const depth = 1 + (selectionSet === undefined ? 0 : depthOf(selectionSet, fragments, depths));
    if (depth > limit) throw documentFault(`field "${name}" nests ${depth} levels; at most ${limit} are allowed`);
  }
}

function checkAliases(document: DocumentNode, limits: GatewayLimits): void {
  let aliases = 0;
  visit(document, {
    Field(node) {
      if (node.alias !== undefined) aliases += 1;
    },
  });
  if (aliases > limits.aliases)
    throw documentFault(`the document has ${aliases} aliases; at most ${limits.aliases} are allowed`);
}

interface RootField {
  name: string;
  selectionSet: SelectionSetNode | undefined;
}

/** Root fields with fragments opened; a fragment that contains itself is left to validation. */
function rootFields(set: SelectionSetNode, fragments: Fragments, open: ReadonlySet<string>): RootField[] {
  return set.selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [{ name: selection.name.value, selectionSet: selection.selectionSet }];
    if (selection.kind === Kind.INLINE_FRAGMENT) return rootFields(selection.selectionSet, fragments, open);
    const name = selection.name.value;
    const fragment = fragments.get(name);
    return fragment === undefined || open.has(name)
      ? []
      : rootFields(fragment.selectionSet, fragments, new Set([...open, name]));
  });
}

/** Deepest nesting of fields. Each fragment is measured once; while that is going on it counts as 0, which ends cycles. */
function depthOf(set: SelectionSetNode, fragments: Fragments, depths: Map<string, number>): number {
  let deepest = 0;
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) {
      deepest = Math.max(
        deepest,
        1 + (selection.selectionSet === undefined ? 0 : depthOf(selection.selectionSet, fragments, depths)),
      );
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
  depths.set(name, 0);
  const fragment = fragments.get(name);
  const depth = fragment === undefined ? 0 : depthOf(fragment.selectionSet, fragments, depths);
  depths.set(name, depth);
  return depth;
}
