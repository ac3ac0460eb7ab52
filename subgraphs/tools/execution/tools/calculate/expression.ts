import { ToolError } from "@soma/sdk/define-tool";

/*
 * expression = term (("+" | "-") term)*
 * term       = unary (("*" | "/" | "%") unary)*
 * unary      = ("-" | "+") unary | power
 * power      = primary ("^" unary)?              so that -2^2 is -4 and 2^3^2 is 512
 * primary    = number | name | name "(" expression ("," expression)* ")" | "(" expression ")"
 */
export const MAX_LENGTH = 500;
const MAX_DEPTH = 64;

type Function = { min: number; max: number; apply(...values: number[]): number };

const one = (apply: (value: number) => number): Function => ({ min: 1, max: 1, apply });

const FUNCTIONS: ReadonlyMap<string, Function> = new Map([
  ["sqrt", one(Math.sqrt)],
  ["abs", one(Math.abs)],
  ["round", one(Math.round)],
  ["floor", one(Math.floor)],
  ["ceil", one(Math.ceil)],
  ["min", { min: 1, max: 32, apply: Math.min }],
  ["max", { min: 1, max: 32, apply: Math.max }],
]);
const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ["pi", Math.PI],
  ["e", Math.E],
]);

const TOKEN = /\s*(?:((?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|([a-zA-Z]+)|([-+*/%^(),]))/y;

interface Token {
  kind: "number" | "name" | "sign" | "end";
  text: string;
  /** From 1. */
  position: number;
}

/** The value of an arithmetic expression. Throws ToolError with the position of what is wrong. */
export function evaluateExpression(text: string): number {
  if (text.length > MAX_LENGTH)
    throw new ToolError(
      "bad_expression",
      `the expression has ${text.length} characters; at most ${MAX_LENGTH} are read`,
    );
  return new Parser(tokenize(text)).parse();
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  const end = text.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) {
      const at = from + (/\S/.exec(text.slice(from))?.index ?? 0);
      throw new ToolError("bad_expression", `"${text.slice(at, at + 1)}" at position ${at + 1} means nothing here`);
    }
    const [, number, name, sign = ""] = match;
    const found = number ?? name ?? sign;
    tokens.push({
      kind: number !== undefined ? "number" : name !== undefined ? "name" : "sign",
      text: found,
      position: TOKEN.lastIndex - found.length + 1,
    });
  }
  tokens.push({ kind: "end", text: "the end", position: text.length + 1 });
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): number {
    const value = this.#expression();
    if (this.#peek().kind !== "end") throw this.#unexpected("an operator or the end");
    return value;
  }

  #peek(): Token {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new Error("read beyond the end of an expression");
    return token;
  }

  #next(): Token {
    const token = this.#peek();
    this.#at += 1;
    return token;
  }

  /** The next token if it is one of the signs. */
  #accept(...signs: string[]): Token | undefined {
    const token = this.#peek();
    return token.kind === "sign" && signs.includes(token.text) ? this.#next() : undefined;
  }

  #unexpected(wanted: string): ToolError {
    const { kind, text, position } = this.#peek();
    return new ToolError(
      "bad_expression",
      `${kind === "end" ? text : `"${text}"`} at position ${position} where ${wanted} was expected`,
    );
  }

  #expression(): number {
    let value = this.#term();
    for (let sign = this.#accept("+", "-"); sign !== undefined; sign = this.#accept("+", "-")) {
      const right = this.#term();
      value = finite(sign.text === "+" ? value + right : value - right, sign);
    }
    return value;
  }

  #term(): number {
    let value = this.#unary();
    for (let sign = this.#accept("*", "/", "%"); sign !== undefined; sign = this.#accept("*", "/", "%")) {
      const right = this.#unary();
      if (sign.text !== "*" && right === 0)
        throw new ToolError("division_by_zero", `"${sign.text}" at position ${sign.position} divides by zero`);
      value = finite(sign.text === "*" ? value * right : sign.text === "/" ? value / right : value % right, sign);
    }
    return value;
  }

  #unary(): number {
    const sign = this.#accept("-", "+");
    return this.#nested(() =>
      sign === undefined ? this.#power() : sign.text === "-" ? -this.#unary() : this.#unary(),
    );
  }

  #power(): number {
    const base = this.#primary();
    const sign = this.#accept("^");
    if (sign === undefined) return base;
    const exponent = this.#unary();
    if (base === 0 && exponent < 0)
      throw new ToolError("division_by_zero", `"^" at position ${sign.position} divides by zero`);
    return finite(power(base, exponent), sign);
  }

  #primary(): number {
    if (this.#accept("(") !== undefined) {
      const value = this.#expression();
      if (this.#accept(")") === undefined) throw this.#unexpected('")"');
      return value;
    }
    const { kind } = this.#peek();
    if (kind !== "number" && kind !== "name") throw this.#unexpected("a number");
    const token = this.#next();
    return token.kind === "number" ? finite(Number(token.text), token) : this.#named(token);
  }

  #named(token: Token): number {
    const name = token.text.toLowerCase();
    const constant = CONSTANTS.get(name);
    if (constant !== undefined) return constant;
    const called = FUNCTIONS.get(name);
    if (called === undefined) {
      const known = [...FUNCTIONS.keys(), ...CONSTANTS.keys()].join(", ");
      throw new ToolError(
        "bad_expression",
        `"${token.text}" at position ${token.position} is not known; known names: ${known}`,
      );
    }
    if (this.#accept("(") === undefined) throw this.#unexpected('"("');
    const values = [this.#expression()];
    while (this.#accept(",") !== undefined) values.push(this.#expression());
    if (this.#accept(")") === undefined) throw this.#unexpected('")"');
    if (values.length < called.min || values.length > called.max) {
      throw new ToolError(
        "bad_expression",
        `${name} at position ${token.position} takes at most ${called.max} values, not ${values.length}`,
      );
    }
    return finite(called.apply(...values), token);
  }

  #nested(read: () => number): number {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH)
      throw new ToolError(
        "bad_expression",
        `the expression is nested more than ${MAX_DEPTH} deep at position ${this.#peek().position}`,
      );
    const value = read();
    this.#depth -= 1;
    return value;
  }
}

/** Whole powers by multiplication, which is exact as long as the result is; the rest as floating point gives it. */
function power(base: number, exponent: number): number {
  if (!Number.isInteger(base) || !Number.isInteger(exponent) || exponent < 0 || exponent > 1_024)
    return base ** exponent;
  let result = 1;
  for (let i = 0; i < exponent; i += 1) {
    result *= base;
    if (!Number.isSafeInteger(result)) return base ** exponent;
  }
  return result;
}

function finite(value: number, token: Token): number {
  if (Number.isFinite(value)) return value;
  const why = Number.isNaN(value) ? "has no real value" : "is too large";
  throw new ToolError(
    Number.isNaN(value) ? "not_a_number" : "overflow",
    `the result of "${token.text}" at position ${token.position} ${why}`,
  );
}

/** Whole numbers as they are, others with 15 digits, so that 0.1 + 0.2 is 0.3. */
export function formatNumber(value: number): string {
  if (Object.is(value, -0)) return "0";
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(15)));
}
