import { type FieldNode, GraphQLError, isAbstractType, isCompositeType, type ValidationRule } from "graphql";
import type { Keys } from "../upstream/read-keys.ts";

/** How a plan names the objects that it asks another subgraph about. */
const REPRESENTATIONS = "representations";
const TYPE = "__typename";

/**
 * Refuses names that a plan has for itself. It asks for the type and the keys of an object wherever another subgraph knows more
 * of it; the planner mistakes a field that answers under such a name for the key, and one of its answers for the other's.
 */
export function createTakenNamesRule(keys: Keys): ValidationRule {
  return (context) => {
    const isTaken = ({ alias, name }: FieldNode): boolean => {
      if (alias === undefined || alias.value === name.value) return false;
      const parent = context.getParentType();
      if (alias.value === TYPE || !isCompositeType(parent)) return alias.value === TYPE;
      const types = isAbstractType(parent) ? context.getSchema().getPossibleTypes(parent) : [parent];
      return types.some((type) => keys.get(type.name)?.has(alias.value) === true);
    };
    return {
      Field(node) {
        if (!isTaken(node)) return;
        const message = `Field "${node.name.value}" cannot answer as "${node.alias?.value}", by which its object is known; choose another alias`;
        context.reportError(new GraphQLError(message, { nodes: node }));
      },
      VariableDefinition(node) {
        if (node.variable.name.value !== REPRESENTATIONS) return;
        const message = `Variable "$${REPRESENTATIONS}" is taken by the gateway; choose another name`;
        context.reportError(new GraphQLError(message, { nodes: node }));
      },
    };
  };
}
