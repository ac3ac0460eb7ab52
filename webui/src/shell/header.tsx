import { StatusDocument, type StatusQuery } from "@soma/graphql/operations";
import { showHidden } from "@soma/schemas/hidden-characters";
import { type ReactNode, useEffect, useState } from "react";
import { Link } from "wouter";
import { useQuery } from "../graphql/use-query.ts";
import { useRefresh } from "../run-log/use-refresh.ts";
import { Mark, SearchIcon } from "../ui/icons.tsx";
import { ThemeSwitch } from "../ui/theme.tsx";
import { useNow } from "../ui/use-now.ts";
import { useOnline } from "../ui/use-online.ts";
import styles from "./header.module.css";
import { healthOf } from "./health.ts";
import { modelWords } from "./server-words.ts";

const ASK_MS = 10_000;

interface HeaderProps {
  tenant: string;
  subject: string;
  onSearch(): void;
}

/** Always on screen: whose data this is, whether what answers is an AI, and how the server is. */
export function Header({ tenant, subject, onSearch }: HeaderProps): ReactNode {
  const [{ data, error, fetching }, ask] = useQuery(StatusDocument, {});
  useRefresh(() => ask({ requestPolicy: "network-only" }), ASK_MS);
  return (
    <header className={styles.header}>
      <Link className={styles.brand} href="/">
        <Mark /> soma
      </Link>
      <dl className={styles.facts}>
        <div>
          <dt>Tenant</dt>
          <dd>{showHidden(tenant)}</dd>
        </div>
        <div>
          <dt>Signed in as</dt>
          <dd>{showHidden(subject)}</dd>
        </div>
        <Model model={data?.modelStatus ?? undefined} unknown={error !== undefined} />
      </dl>
      <button type="button" className={styles.search} aria-keyshortcuts="Control+K" onClick={onSearch}>
        <SearchIcon /> <span>Search or jump</span> <kbd>Ctrl K</kbd>
      </button>
      <Health health={data?.health ?? undefined} failed={error !== undefined} answers={fetching ? undefined : data} />
      <ThemeSwitch />
    </header>
  );
}

function Model({ model, unknown }: { model: StatusQuery["modelStatus"] | undefined; unknown: boolean }): ReactNode {
  return (
    <div>
      <dt>Model</dt>
      <dd title={showHidden(model?.reason ?? "")} data-model-is-ai={model?.isAi}>
        {model === undefined ? (unknown ? "not known" : "…") : modelWords(model)}
      </dd>
    </div>
  );
}

interface HealthProps {
  health: StatusQuery["health"] | undefined;
  failed: boolean;
  /** The newest answer; another object each time one comes. */
  answers: object | undefined;
}

function Health({ health, failed, answers }: HealthProps): ReactNode {
  const online = useOnline();
  const now = useNow(true);
  const [answeredAt, setAnsweredAt] = useState(now);
  useEffect(() => {
    if (answers !== undefined) setAnsweredAt(Date.now());
  }, [answers]);
  const { state, text } = healthOf({ online, failed, health, answeredAgoMs: now - answeredAt });
  return (
    <span className={styles.health} data-health={state}>
      <span className="visually-hidden">Service: </span>
      {text}
    </span>
  );
}
