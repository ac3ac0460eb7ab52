import { GraphsDocument } from "@soma/graphql/operations";
import type { ReactNode } from "react";
import { useLocation } from "wouter";
import { useQuery } from "../../graphql/use-query.ts";
import { runPath } from "../../place.ts";
import { isPlainId } from "../../ui/words.ts";
import styles from "./run-filters.module.css";
import { MAX_TEXT, type RunsQuery, SINCE_CHOICES, STATUS_CHOICES, toAddress } from "./runs-query.ts";

/** What the list is narrowed to; each choice is kept in the address. */
export function RunFilters({ query }: { query: RunsQuery }): ReactNode {
  const [, navigate] = useLocation();
  const [{ data }] = useQuery(GraphsDocument, {});
  const agents = new Set([...(data?.graphs ?? []).map(({ name }) => name), query.agent].filter((name) => name !== ""));
  const choose = (changes: Partial<RunsQuery>): void => navigate(toAddress(query, changes));
  return (
    <search className={styles.filters}>
      <Search query={query} />
      <Choice
        label="Status"
        value={query.status}
        options={Object.entries(STATUS_CHOICES).map(([value, { word }]) => [value, word])}
        onChoose={(status) => choose({ status: status as RunsQuery["status"] })}
      />
      <Choice
        label="Agent"
        value={query.agent}
        options={[["", "Any"], ...[...agents].map((name): [string, string] => [name, name])]}
        onChoose={(agent) => choose({ agent })}
      />
      <Choice
        label="Started"
        value={query.since}
        options={Object.entries(SINCE_CHOICES).map(([value, { word }]) => [value, word])}
        onChoose={(since) => choose({ since: since as RunsQuery["since"] })}
      />
    </search>
  );
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

interface ChoiceProps {
  label: string;
  value: string;
  options: readonly (readonly [value: string, word: string])[];
  onChoose(value: string): void;
}

function Choice({ label, value, options, onChoose }: ChoiceProps): ReactNode {
  return (
    <label className={styles.choice}>
      <span>{label}</span>
      <select value={value} onChange={(event) => onChoose(event.target.value)}>
        {options.map(([each, word]) => (
          <option key={each} value={each}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
}
