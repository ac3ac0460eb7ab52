import { StatusDocument, type StatusQuery } from "@soma/graphql/operations";
import { type ReactNode, useEffect, useState } from "react";
import { Link } from "wouter";
import { useQuery } from "../graphql/use-query.ts";
import { useRefresh } from "../run-log/use-refresh.ts";
import { Mark, SearchIcon } from "../ui/icons.tsx";
import { ThemeSwitch } from "../ui/theme.tsx";
import { useNow } from "../ui/use-now.ts";
import { useOnline } from "../ui/use-online.ts";
import { Facts, type WhoseProps } from "./facts.tsx";
import styles from "./header.module.css";
import { healthOf } from "./health.ts";

const ASK_MS = 10_000;

interface HeaderProps extends WhoseProps {
  onSearch(): void;
}

/** Always on screen: how the server is, and where there is room whose data this is and whether what answers is an AI. */
export function Header({ tenant, subject, onSearch }: HeaderProps): ReactNode {
  const [answer, ask] = useQuery(StatusDocument, {});
  const { data, error, fetching } = answer;
  useRefresh(answer, () => ask({ requestPolicy: "network-only" }), ASK_MS);
  return (
    <header className={styles.header}>
      <Link className={styles.brand} href="/">
        <Mark /> soma
      </Link>
      <Facts tenant={tenant} subject={subject} place="header" />
      <button type="button" className={styles.search} aria-keyshortcuts="Control+K" onClick={onSearch}>
        <SearchIcon /> <span>Search or jump</span> <kbd>Ctrl K</kbd>
      </button>
      <Health health={data?.health ?? undefined} failed={error !== undefined} answers={fetching ? undefined : data} />
      <ThemeSwitch />
    </header>
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
