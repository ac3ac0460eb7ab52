import { readYaml } from "@soma/conf/read-conf";

/** An event as Falco has it: fields by their names. */
export type FalcoEvent = Readonly<Record<string, string | number | boolean>>;

interface Rule {
  rule: string;
  desc: string;
  condition: string;
  output: string;
  priority: string;
  tags: string[];
}
interface Macro {
  macro: string;
  condition: string;
}
interface List {
  list: string;
  items: string[];
}

export interface Rules {
  rules: Rule[];
  macros: Map<string, string>;
  lists: Map<string, string[]>;
}

export function readRules(file: URL): Rules {
  const all = readYaml(file) as (Rule | Macro | List)[];
  return {
    rules: all.filter((each) => "rule" in each),
    macros: new Map(all.flatMap((each) => ("macro" in each ? [[each.macro, each.condition]] : []))),
    lists: new Map(all.flatMap((each) => ("list" in each ? [[each.list, each.items]] : []))),
  };
}

type Node =
  | { kind: "and" | "or"; of: Node[] }
  | { kind: "not"; of: Node }
  | { kind: "is"; field: string; operator: string; values: string[] };

/** The part of Falco's language that our rules are written in; what is not of it throws, as does a name that is not there. */
export function parseCondition(text: string, { macros, lists }: Pick<Rules, "macros" | "lists">): Node {
  const tokens = text.match(/[()]|>=|<=|!=|=|,|[^\s(),=<>!]+/g) ?? [];
  let at = 0;
  const next = (): string => tokens[at++] ?? "";
  const expect = (wanted: string): void => {
    const found = next();
    if (found !== wanted) throw new Error(`"${found}" stands where "${wanted}" should, in ${text}`);
  };

  function either(kind: "and" | "or", part: () => Node): Node {
    const of = [part()];
    while (tokens[at] === kind) {
      at += 1;
      of.push(part());
    }
    return of.length === 1 && of[0] !== undefined ? of[0] : { kind, of };
  }
  const whole = (): Node => either("or", () => either("and", one));

  function one(): Node {
    const token = next();
    if (token === "not") return { kind: "not", of: one() };
    if (token === "(") {
      const inner = whole();
      expect(")");
      return inner;
    }
    if (!token.includes(".")) {
      const macro = macros.get(token);
      if (macro === undefined) throw new Error(`there is no macro ${token}`);
      return parseCondition(macro, { macros, lists });
    }
    return comparison(token);
  }

  function comparison(field: string): Node {
    const operator = next();
    if (operator !== "in") return { kind: "is", field, operator, values: [next()] };
    expect("(");
    const values: string[] = [];
    for (let token = next(); token !== ")"; token = next()) {
      if (token === "") throw new Error(`a list is not closed, in ${text}`);
      if (token !== ",") values.push(...(lists.get(token) ?? [token]));
    }
    return { kind: "is", field, operator, values };
  }

  const parsed = whole();
  if (at < tokens.length) throw new Error(`"${tokens[at]}" is too much, in ${text}`);
  return parsed;
}

export function fieldsOf(node: Node): string[] {
  if (node.kind === "is") return [node.field];
  return node.kind === "not" ? fieldsOf(node.of) : node.of.flatMap(fieldsOf);
}

/** Whether an event is as a condition says; a field that it has not is like nothing. */
export function holds(node: Node, event: FalcoEvent): boolean {
  switch (node.kind) {
    case "and":
      return node.of.every((each) => holds(each, event));
    case "or":
      return node.of.some((each) => holds(each, event));
    case "not":
      return !holds(node.of, event);
    case "is":
      return compares(node.operator, event[node.field], node.values);
  }
}

function compares(operator: string, found: string | number | boolean | undefined, values: readonly string[]): boolean {
  if (found === undefined) return false;
  const [text, value = ""] = [String(found), values[0]];
  switch (operator) {
    case "in":
    case "=":
      return values.includes(text);
    case ">=":
      return Number(found) >= Number(value);
    case "startswith":
      return text.startsWith(value);
    case "endswith":
      return text.endsWith(value);
    case "contains":
      return text.includes(value);
    default:
      throw new Error(`${operator} is no operator that is known here`);
  }
}
