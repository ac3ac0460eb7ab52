import { map } from "@soma/sdk/branches";
import { callTool } from "@soma/sdk/call-tool";
import { Type } from "@soma/sdk/define-tool";
import { graph, replaced } from "@soma/sdk/graph";

const NO_PRICE = -1;

const one = graph("one-price", 1, { item: replaced(""), price: replaced(0) })
  .node(
    "look",
    callTool("find_price", { args: ({ item }) => ({ item }), into: (output) => ({ price: Number(output) }), tries: 3 }),
  )
  .build(({ price }) => String(price));

/** Finds the prices of a list, ten at a time; an item that has none costs nothing, and the others are not asked again. */
export default graph(
  "prices",
  1,
  { items: replaced<string[]>([]), total: replaced(0), missing: replaced(0) },
  {
    input: Type.Object({ items: Type.Array(Type.String(), { description: "What to find the price of, such as tea" }) }),
    begin: ({ items }) => ({ items }),
  },
)
  .node(
    "each",
    map({
      over: ({ items }) => items,
      graph: one,
      start: (item) => ({ item }),
      limit: 10,
      giveUp: () => ({ price: NO_PRICE }),
      join: (ends) => {
        const found = ends.filter(({ price }) => price !== NO_PRICE);
        const total = found.reduce((sum, { price }) => sum + price, 0);
        return { summary: `${found.length} prices`, patch: { total, missing: ends.length - found.length } };
      },
    }),
  )
  .build(({ total, missing }) => `${total} in all${missing === 0 ? "" : `, and ${missing} without a price`}`);
