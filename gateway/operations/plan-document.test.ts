import fc from "fast-check";
import { type DocumentNode, type FieldNode, Kind, type SelectionSetNode, specifiedRules } from "graphql";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../ground/limits.ts";
import { hostileRequest } from "../testing/hostile-documents.ts";
import { composeLab } from "../testing/lab-subgraphs.ts";
import { createSupergraphExecutor, type PlannedOperation } from "../upstream/supergraph.ts";
import { planDocument } from "./plan-document.ts";
import { ANY_DOCUMENT } from "./registered-documents.ts";

const executor = createSupergraphExecutor(composeLab());

function plan(query: string, operationName?: string): PlannedOperation {
  return planDocument(
    executor,
    { query, variables: {}, operationName },
    {
      limits: DEFAULT_LIMITS,
      rules: specifiedRules,
      hideSuggestions: false,
      kinds: ["query", "mutation", "subscription"],
      documents: ANY_DOCUMENT,
      check: () => {},
    },
  );
}

/** The fields of a selection set with every fragment opened, one by one, as validation and the planner go through them. */
function unfold(set: SelectionSetNode, document: DocumentNode): FieldNode[] {
  return set.selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection];
    if (selection.kind === Kind.INLINE_FRAGMENT) return unfold(selection.selectionSet, document);
    const fragment = document.definitions.find(
      (each) => each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === selection.name.value,
    );
    return fragment?.kind === Kind.FRAGMENT_DEFINITION ? unfold(fragment.selectionSet, document) : [];
  });
}

function countFields(set: SelectionSetNode, document: DocumentNode): number {
  return unfold(set, document).reduce(
    (sum, { selectionSet }) => sum + 1 + (selectionSet === undefined ? 0 : countFields(selectionSet, document)),
    0,
  );
}

/** How often the planner's package looks at the literals, counted by doing what it does. */
function countLooks(value: unknown): number {
  if (!Array.isArray(value)) return 1;
  return 1 + [...value, ...value].reduce((sum, each) => sum + countLooks(each), 0);
}

describe("planDocument()", () => {
  it("plans or refuses every hostile document, and plans none that unfolds to more than its bounds", () => {
    const outcomes = { planned: 0, refused: 0 };
    fc.assert(
      fc.property(hostileRequest(executor.schema), ({ query, operationName }) => {
        let planned: PlannedOperation;
        try {
          planned = plan(query, operationName);
        } catch (error) {
          outcomes.refused += 1;
          expect(error).toMatchObject({ name: expect.stringMatching(/^(GraphQLError|RequestRefused)$/) });
          return;
        }
        outcomes.planned += 1;
        expect(countFields(planned.operation.selectionSet, planned.document)).toBeLessThanOrEqual(
          DEFAULT_LIMITS.selections,
        );
      }),
      { numRuns: 500, seed: 20_261_125 },
    );
    expect(outcomes.planned).toBeGreaterThan(50);
    expect(outcomes.refused).toBeGreaterThan(50);
  }, 60_000);

  it.each([
    'subscription { steps(runId: "7") @skip(if: true) { seq } }',
    'subscription { ... @include(if: false) { steps(runId: "7") { seq } } }',
  ])("refuses a subscription to nothing: %s", (query) => {
    expect(() => plan(query)).toThrow(
      expect.objectContaining({ extensions: { code: "BAD_INPUT" }, message: expect.stringContaining("skips") }),
    );
    expect(() => plan(query.replaceAll(/true|false/g, (word) => String(word === "false")))).not.toThrow();
  });

  it("refuses a literal of nested lists that the planner would look at for ever", () => {
    const literal = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;
    expect(() => plan(`{ echo(value: ${literal(9)}) }`)).not.toThrow();
    expect(countLooks(JSON.parse(literal(9)))).toBeLessThan(DEFAULT_LIMITS.literals);
    for (const levels of [11, 20, 31]) expect(() => plan(`{ echo(value: ${literal(levels)}) }`)).toThrow("literals");
    expect(() => plan(`{ echo(value: ${literal(60)}) }`)).toThrow("nest too deep");
  });

  it("refuses fragments that the planner would take apart in combination", () => {
    const names = Array.from({ length: 12 }, (_, i) => i);
    const conditions = names.map((i) => `$a${i}: Boolean! $b${i}: Boolean!`).join(" ");
    const chain = names
      .map((i) => `fragment F${i} on Run { ...F${i + 1} @skip(if: $a${i}) ...F${i + 1} @skip(if: $b${i}) }`)
      .join(" ");
    const query = `query (${conditions}) { run(id: "1") { ...F0 } } ${chain} fragment F12 on Run { title }`;
    expect(query.length).toBeLessThan(1_500);
    expect(() => plan(query)).toThrow("once its fragments are opened");
  });
});
