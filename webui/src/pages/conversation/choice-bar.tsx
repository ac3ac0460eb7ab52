import { ChatChoicesDocument, ModelProfilesDocument, type ModelProfilesQuery } from "@soma/graphql/operations";
import { showHidden } from "@soma/schemas/hidden-characters";
import { type ReactNode, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { useQuery } from "../../graphql/use-query.ts";
import { parseChoice, withChoice } from "./choice.ts";
import styles from "./choice-bar.module.css";

type Profile = NonNullable<ModelProfilesQuery["modelProfiles"]>[number];
type Option = readonly [value: string, word: string, isOff?: boolean];

const BY_DEFAULT: Option = ["", "Default"];
/** A set of rules must not pass for an AI. */
const RULES = "a set of rules, not an AI";

/** Whom the next message goes to. What can be chosen is asked for when somebody looks; what is chosen stands in the address. */
export function ChoiceBar({ agent }: { agent: string }): ReactNode {
  const choice = parseChoice(useSearch());
  const [open, setOpen] = useState(false);
  const facts = [`To ${agent}`, ...[choice.role, choice.model].filter((name) => name !== "")];
  return (
    <details className={styles.bar} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{showHidden(facts.join(" · "))}</summary>
      {open ? <Choices agent={agent} /> : null}
    </details>
  );
}

function Choices({ agent }: { agent: string }): ReactNode {
  const [path, navigate] = useLocation();
  const search = useSearch();
  const choice = parseChoice(search);
  const [{ data }] = useQuery(ChatChoicesDocument, {});
  const [{ data: models, error, fetching }] = useQuery(ModelProfilesDocument, {});
  const choose = (name: keyof typeof choice) => (value: string) =>
    navigate(`${path}${withChoice(search, { ...choice, [name]: value })}`, { replace: true });
  const plain = (names: readonly string[] = []): Option[] => names.map((name) => [name, showHidden(name)]);
  const profiles = (models?.modelProfiles ?? []).map(toOption);
  return (
    <div className={styles.choices}>
      <Picker
        label="Agent"
        value={agent}
        onChoose={choose("agent")}
        options={plain(data?.graphs?.map(({ name }) => name))}
      />
      <Picker
        label="Role"
        value={choice.role}
        onChoose={choose("role")}
        options={[BY_DEFAULT, ...plain(data?.viewer?.roles)]}
      />
      <Picker label="Model" value={choice.model} onChoose={choose("model")} options={[BY_DEFAULT, ...profiles]} />
      {error === undefined || fetching ? null : (
        <p className={styles.note}>Which models there are is told to operators; the default one answers.</p>
      )}
    </div>
  );
}

function toOption({ name, provider, model, isUsable, why }: Profile): Option {
  const words =
    provider === "SCRIPTED" ? `${name}: ${RULES}` : `${name} · ${model === "" ? "first of its server" : model}`;
  return [name, showHidden(isUsable ? words : `${words} (${why})`), !isUsable];
}

interface PickerProps {
  label: string;
  value: string;
  options: readonly Option[];
  onChoose(value: string): void;
}

/** What is chosen is among the options, whether the server knows it or not. */
function Picker({ label, value, options, onChoose }: PickerProps): ReactNode {
  const known = options.some(([each]) => each === value);
  return (
    <label className={styles.picker}>
      <span>{label}</span>
      <select value={value} onChange={({ target }) => onChoose(target.value)}>
        {known ? null : <option value={value}>{showHidden(value)}</option>}
        {options.map(([each, word, isOff = false]) => (
          <option key={each} value={each} disabled={isOff}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
}
