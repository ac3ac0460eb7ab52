import { type Subgraph, startSubgraph } from "@soma/shared/graphql/server";
import { createServiceClient } from "@soma/shared/graphql/service-client";
import { readTypeDefs } from "@soma/shared/graphql/type-defs";
import type { Principal } from "@soma/shared/identity/principal";
import { createSilentLog } from "@soma/shared/log";
import { connect } from "@soma/shared/postgres/connect";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createResolvers } from "./resolvers.ts";

/** Searches that wait to be answered. */
const searches: (() => void)[] = [];
let subgraph: Subgraph;

beforeAll(async () => {
  const brain = {
    recall: () =>
      new Promise<{ hits: []; source: "LOCAL"; isDegraded: false }>((resolve) =>
        searches.push(() => resolve({ hits: [], source: "LOCAL", isDegraded: false })),
      ),
  };
  // Nothing here asks the database.
  const sql = connect({ url: "postgres://nobody@127.0.0.1:9/none", schema: "none", applicationName: "none", max: 1 });
  subgraph = await startSubgraph({
    name: "memory",
    typeDefs: await readTypeDefs(new URL("./", import.meta.url)),
    resolvers: createResolvers({ somaBrain: undefined, sql, brain, now: () => new Date(), admit: async () => {} }),
    verify: async (token) => JSON.parse(token) as Principal,
    log: createSilentLog(),
    host: "127.0.0.1",
    port: 0,
    checks: {},
  });
});
afterAll(() => subgraph.close());

it("one caller searches in three places at most, whoever else does, and a service for runs in as many as it needs", async () => {
  const sign = async (principal: Principal) => JSON.stringify(principal);
  const client = createServiceClient({ peer: "memory", url: subgraph.url, sign });
  const fields = Array.from({ length: 5 }, (_, i) => `a${i}: recall(input: { query: "x" }) { source }`).join(" ");
  const ask = (principal: Principal) => client.request(`{ ${fields} }`, {}, { principal });
  const answers = [ask(aPrincipal({ subject: "user:eve" }))];
  await until("it searches", () => searches.length === 3);
  answers.push(ask(aPrincipal({ subject: "user:ada" })));
  await until("another caller searches too", () => searches.length === 6);
  answers.push(ask(aPrincipal({ subject: "user:eve", service: "runs" })));
  await until("a run of the first searches five times at once", () => searches.length === 11);
  for (let answered = 0; answered < 15; answered += 1) {
    await until("there is another", () => searches.length > 0);
    searches.shift()?.();
  }
  for (const answer of await Promise.all(answers)) expect(Object.keys(answer as object)).toHaveLength(5);
});
