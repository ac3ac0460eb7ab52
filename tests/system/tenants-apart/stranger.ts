import type { ProductUnderTest } from "../product.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers of ad hoc documents
export type Answer = any;

/** Mutations by which somebody tries to reach what is not theirs have this key. */
export const key = { idempotencyKey: "k" };

/** Somebody of another tenant who may do whatever a role allows, and the root fields they have asked. */
export function createStranger(product: () => ProductUnderTest) {
  let known: ReturnType<ProductUnderTest["clientOf"]> | undefined;
  const asked = new Set<string>();
  const stranger = () => {
    known ??= product().clientOf({ tenant: "stranger", roles: ["approver", "assistant", "custodian", "operator"] });
    return known;
  };

  async function ask(field: string, document: string, variables: object = {}): Promise<Answer> {
    asked.add(field);
    return (await stranger()).client.request(document, variables);
  }

  return {
    asked,
    ask,
    token: async () => (await stranger()).token,

    /** The whole answer, errors and all. */
    async raw(query: string, variables: object): Promise<Answer> {
      const headers = { "content-type": "application/json", authorization: `Bearer ${(await stranger()).token}` };
      const body = JSON.stringify({ query, variables });
      return (await fetch(`${product().url()}/graphql`, { method: "POST", headers, body })).json();
    },

    mutate: (field: string, type: string, selection: string, input: object) =>
      ask(field, `mutation ($input: ${type}!) { ${field}(input: $input) { ${selection} } }`, { input }),
  };
}
