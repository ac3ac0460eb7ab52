import { graph, replaced } from "@soma/sdk/graph";
import { inDatabase } from "@soma/sdk/in-database";

/** Reads what the table of the project has: how often each order after this one was paid for, two hundred of them. */
export default graph(
  "torture_payments",
  1,
  { after: replaced(""), found: replaced("") },
  { begin: ({ after }) => ({ after: typeof after === "string" ? after : "" }) },
)
  .node(
    "read",
    inDatabase<{ readonly after: string; readonly found: string }>({
      type: "payments",
      async run({ after }, sql) {
        const rows = await sql`
          select "order", count(*) as payments from payment where "order" > ${after} group by 1 order by 1 limit 200`;
        return { summary: `${rows.length} orders`, patch: { found: JSON.stringify(rows) } };
      },
    }),
  )
  .build(({ found }) => found);
