import { ChatChoicesDocument } from "@soma/graphql/operations";
import type { ReactNode } from "react";
import { useLocation } from "wouter";
import { useQuery } from "../../graphql/use-query.ts";
import { runPath } from "../../place.ts";
import { isPlainId } from "../../ui/words.ts";
import styles from "./run-filters.module.css";
import {
  MAX_TEXT,
  OUTCOME_CHOICES,
  RECOVERED_CHOICES,
  type RunsQuery,
  SINCE_CHOICES,
  STATUS_CHOICES,
  toAddress,
} from "./runs-query.ts";

/** What the list is narrowed to; each choice is kept in the address. */
export function RunFilters({ query }: { query: RunsQuery }): ReactNode {
  const [, navigate] = useLocation();
  const [{ data }] = useQuery(ChatChoicesDocument, {});
  const agents = (data?.graphs ?? []).map(({ name }) => name);
  const choose = (changes: Partial<RunsQuery>): void => navigate(toAddress(query, changes));
  return (
    <search className={styles.filters}>
      <Search query={query} />
      <Choice
        label="Status"
        value={query.status}
        options={wordsOf(STATUS_CHOICES)}
        onChoose={(status) => choose({ status })}
      />
      <Choice
        label="Outcome"
        value={query.outcome}
        options={wordsOf(OUTCOME_CHOICES)}
        onChoose={(outcome) => choose({ outcome })}
      />
      <Choice
        label="Agent"
        value={query.agent}
        options={namesOf(agents, query.agent)}
        onChoose={(agent) => choose({ agent })}
      />
      <Choice
        label="Role"
        value={query.role}
        options={namesOf(data?.viewer?.roles ?? [], query.role)}
        onChoose={(role) => choose({ role })}
      />
      <Choice
        label="Asked"
        value={query.since}
        options={wordsOf(SINCE_CHOICES)}
        onChoose={(since) => choose({ since })}
      />
      <Choice
        label="Recovered"
        value={query.recovered}
        options={wordsOf(RECOVERED_CHOICES)}
        onChoose={(recovered) => choose({ recovered })}
      />
    </search>
  );
}

type Options<Value extends string> = readonly (readonly [value: Value, word: string])[];

function wordsOf<Value extends string>(choices: Readonly<Record<Value, { word: string }>>): Options<Value> {
  return (Object.keys(choices) as Value[]).map((value) => [value, choices[value].word]);
}

/** Names that there are, with the one that is chosen, which may be gone. */
function namesOf(names: readonly string[], chosen: string): Options<string> {
  const all = new Set([...names, chosen].filter((name) => name !== ""));
  return [["", "Any"], ...[...all].map((name): [string, string] => [name, name])];
}

/** An id leads to its run, other text narrows the list. */
function Search({ query }: { query: RunsQuery }): ReactNode {
  const [, navigate] = useLocation();
  return (
    <form
      className={styles.search}
      onSubmit={(event) => {
        event.preventDefault();
        const text = String(new FormData(event.currentTarget).get("text") ?? "").trim();
        navigate(isPlainId(text.toLowerCase()) ? runPath(text.toLowerCase()) : toAddress(query, { text }));
      }}
    >
      <input
        key={query.text}
        type="search"
        name="text"
        aria-label="Words of the input, or a run id"
        aria-keyshortcuts="/"
        placeholder="Words of the input, or a run id"
        maxLength={MAX_TEXT}
        defaultValue={query.text}
      />
      <button type="submit">Search</button>
    </form>
  );
}

interface ChoiceProps<Value extends string> {
  label: string;
  value: Value;
  options: Options<Value>;
  onChoose(value: Value): void;
}

function Choice<Value extends string>({ label, value, options, onChoose }: ChoiceProps<Value>): ReactNode {
  return (
    <label className={styles.choice}>
      <span>{label}</span>
      <select value={value} onChange={(event) => onChoose(event.target.value as Value)}>
        {options.map(([each, word]) => (
          <option key={each} value={each}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
}
