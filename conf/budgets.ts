import { existsSync } from "node:fs";
import { type Static, Type } from "typebox";
import { readConf, refuse, SHIPPED_CONF } from "./read-conf.ts";
import { loadRoles } from "./roles.ts";

const closed = { additionalProperties: false };
/** Beyond it a number of JSON is not exact in millionths. */
const MAX_MONEY = 1_000_000_000;
const count = (description: string) => Type.Optional(Type.Integer({ minimum: 0, maximum: 1e15, description }));
const measures = {
  money: Type.Optional(
    Type.Number({ minimum: 0, maximum: MAX_MONEY, description: "in the currency of the file, to a millionth" }),
  ),
  tokens: count("tokens of prompts and answers together"),
  modelCalls: count("calls of models"),
  toolCalls: count("calls of tools"),
};
const LimitSchema = Type.Object(measures, closed);
const spans = { day: Type.Optional(LimitSchema), total: Type.Optional(LimitSchema) };
const named = Type.Optional(Type.Record(Type.String({ minLength: 1, maxLength: 80 }), Type.Object(spans, closed)));

const TenantSchema = Type.Object(
  {
    ...spans,
    run: Type.Optional(
      Type.Object(
        { ...measures, seconds: Type.Optional(Type.Integer({ minimum: 1, description: "until it is canceled" })) },
        closed,
      ),
    ),
    roles: named,
    agents: named,
  },
  closed,
);

const BudgetsSchema = Type.Object(
  {
    currency: Type.String({ pattern: "^[A-Z]{3}$", description: "of every price and limit, such as USD" }),
    whenSpent: Type.Enum(["park", "end"], { description: "what becomes of a run that comes to a limit" }),
    raisedBy: Type.String({ minLength: 1, description: "role of who may raise a limit" }),
    withoutPrice: Type.Enum(["refuse", "allow"], { description: "a model without a price where money is limited" }),
    maxOutputTokens: Type.Integer({ minimum: 1, description: "of an answer, where its profile does not say" }),
    minOutputTokens: Type.Integer({ minimum: 1, description: "of an answer that is worth a call" }),
    default: TenantSchema,
    tenants: Type.Record(Type.String({ pattern: "^[a-z0-9-]{1,40}$" }), TenantSchema, closed),
  },
  closed,
);

export type BudgetsConf = Static<typeof BudgetsSchema>;
export type TenantBudgets = Static<typeof TenantSchema>;
/** What may be spent of each measure; one that is left out has no limit. */
export type SpendingLimit = Static<typeof LimitSchema>;

/** What models and tools may cost: budgets.yaml of a folder, or the shipped one where the folder has none. */
export function loadBudgets(folder: URL = SHIPPED_CONF): BudgetsConf {
  const conf = readConf(ownOrShipped(folder, "budgets.yaml"), BudgetsSchema);
  const { roles } = loadRoles(new URL(".", ownOrShipped(folder, "roles.yaml")));
  const all = Object.entries(conf.tenants).map(([tenant, said]) => [`/tenants/${tenant}`, said] as const);
  const strangers = [["/default", conf.default] as const, ...all].flatMap(([path, said]) =>
    Object.keys(said.roles ?? {}).flatMap((role) => (Object.hasOwn(roles, role) ? [] : [`${path}/roles/${role}`])),
  );
  const faults = strangers.map((path) => `${path} is no role of roles.yaml`);
  refuse("budgets.yaml", faults);
  return conf;
}

function ownOrShipped(folder: URL, name: string): URL {
  const own = new URL(name, folder);
  return existsSync(own) ? own : new URL(name, SHIPPED_CONF);
}

/** The budgets of a tenant: what it says itself, and the default for the rest. */
export function budgetsOf(conf: BudgetsConf, tenant: string): TenantBudgets {
  return { ...conf.default, ...(Object.hasOwn(conf.tenants, tenant) ? conf.tenants[tenant] : {}) };
}
