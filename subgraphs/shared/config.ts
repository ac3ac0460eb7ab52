/**
 * Settings: read once from the environment into a frozen, typed object. Every fault is collected, so that a person
 * fixes them in one go. A package declares its settings as a table; docs/operator/configuration.md is made of
 * these tables.
 */
export interface Setting<T> {
  /** Name of the environment variable. */
  env: string;
  /** What it is for, with its unit. */
  doc: string;
  /** Used when the variable is absent or empty; a setting without a default is required. */
  default?: T;
  secret?: boolean;
  /** The words it takes, where it takes no others. */
  values?: readonly string[];
  min?: number;
  max?: number;
  /** The setting that names a file which may hold the same: one of both is set, and not both. */
  inFile?: string;
  /** Another setting, with which this one need not be set. */
  or?: string;
  parse(text: string): T;
}

type Env = Readonly<Record<string, string | undefined>>;

type Values<S> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      `the configuration has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}:\n${faults.map((f) => `  - ${f}`).join("\n")}`,
    );
    this.name = "ConfigError";
    this.faults = faults;
  }
}

/** What is wrong with what is read; nothing when it can be read. */
export function faultsOf(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

/** Environments that settingsOf() made, with what was read of them. */
const asked = new WeakMap<Env, Record<string, Setting<unknown>>>();

/** The settings that a reader takes, by what it calls them: what it reads of an environment in which nothing is set. */
export function settingsOf(read: (env: Env) => unknown): Readonly<Record<string, Setting<unknown>>> {
  const env: Env = {};
  const settings: Record<string, Setting<unknown>> = {};
  asked.set(env, settings);
  faultsOf(() => read(env));
  return settings;
}

export function readSettings<S extends Record<string, Setting<unknown>>>(settings: S, env: Env): Values<S> {
  Object.assign(asked.get(env) ?? {}, settings);
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, setting] of Object.entries(settings)) {
    const text = env[setting.env];
    const file = setting.inFile;
    if (text === undefined || text === "") {
      const others = [file, setting.or].filter((other) => other !== undefined);
      if ("default" in setting) values[name] = setting.default;
      else if (others.every((other) => (env[other] ?? "") === ""))
        faults.push(`${[setting.env, ...others].join(" or ")} is not set; it is required: ${setting.doc}`);
      continue;
    }
    if (file !== undefined && (env[file] ?? "") !== "") {
      faults.push(`${setting.env} and ${file} are both set; keep one of them`);
      continue;
    }
    try {
      values[name] = setting.parse(text);
    } catch (error) {
      const shown = setting.secret === true ? "its value" : `"${text}"`;
      faults.push(`${setting.env}: ${shown} ${reasonOf(error)}; ${setting.doc}`);
    }
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze(values) as Values<S>;
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

type Declared<T> = Omit<Setting<T>, "parse">;

export function text(setting: Declared<string>): Setting<string> {
  return { ...setting, parse: (value) => value };
}

export function integer(setting: Declared<number> & { min: number; max: number }): Setting<number> {
  return {
    ...setting,
    parse(value) {
      const number = Number(value);
      if (!Number.isInteger(number) || number < setting.min || number > setting.max) {
        throw new Error(`is not a whole number from ${setting.min} to ${setting.max}`);
      }
      return number;
    },
  };
}

export function oneOf<const T extends readonly string[]>(values: T, setting: Declared<T[number]>): Setting<T[number]> {
  return {
    ...setting,
    values,
    parse(value) {
      if (!values.includes(value)) throw new Error(`is not one of ${values.join(", ")}`);
      return value;
    },
  };
}

export function flag(setting: Declared<boolean>): Setting<boolean> {
  const { parse, values = [] } = oneOf(["true", "false"], { env: setting.env, doc: setting.doc });
  return { ...setting, values, parse: (value) => parse(value) === "true" };
}

/** Values with commas between them. */
export function list<T>(parse: (text: string) => T, setting: Declared<readonly T[]>): Setting<readonly T[]> {
  const items = (value: string) => value.split(",").map((item) => item.trim());
  return {
    ...setting,
    parse: (value) =>
      items(value)
        .filter((item) => item !== "")
        .map(parse),
  };
}

export function url(protocols: readonly string[], setting: Declared<string>): Setting<string> {
  return {
    ...setting,
    parse(value) {
      if (!URL.canParse(value)) throw new Error("is not a URL");
      if (!protocols.includes(new URL(value).protocol))
        throw new Error(`is not a URL that starts with ${protocols.join(" or ")}`);
      return value;
    },
  };
}

export function json<T>(check: (value: unknown) => T, setting: Declared<T>): Setting<T> {
  return {
    ...setting,
    parse(value) {
      return check(parseQuietly(value));
    },
  };
}

/** What JSON.parse would say quotes the text, which may be a private key. */
export function parseQuietly(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("is not JSON");
  }
}
