import { StatusDocument } from "@soma/graphql/operations";
import { showHidden } from "@soma/schemas/hidden-characters";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { useQuery } from "../graphql/use-query.ts";
import { Mark } from "../ui/icons.tsx";
import { ThemeSwitch } from "../ui/theme.tsx";
import styles from "./header.module.css";
import { healthWords, modelWords } from "./server-words.ts";

/** Always on screen: whose data this is, and whether what answers is an AI. */
export function Header({ tenant, subject }: { tenant: string; subject: string }): ReactNode {
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
        <ServerFacts />
      </dl>
      <ThemeSwitch />
    </header>
  );
}

function ServerFacts(): ReactNode {
  const [{ data, error }] = useQuery(StatusDocument, {});
  const model = data?.modelStatus;
  return (
    <>
      <div>
        <dt>Model</dt>
        <dd title={showHidden(model?.reason ?? "")} data-model-is-ai={model?.isAi}>
          {model === undefined ? (error === undefined ? "…" : "not known") : modelWords(model)}
        </dd>
      </div>
      {data === undefined || data.health.status === "OK" ? null : (
        <div className={data.health.status === "DOWN" ? styles.down : styles.degraded}>
          <dt>Service</dt>
          <dd>{healthWords(data.health)}</dd>
        </div>
      )}
    </>
  );
}
