import { StatusDocument, type StatusQuery } from "@soma/graphql/operations";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { useGraphQuery } from "../graphql/use-graph.ts";
import type { Me } from "../pages/sign-in/sign-in.ts";
import { Mark } from "../ui/icons.tsx";
import { ThemeSwitch } from "../ui/theme.tsx";
import styles from "./header.module.css";

/** Always on screen: whose data this is, and whether what answers is an AI. */
export function Header({ me }: { me: Me }): ReactNode {
  return (
    <header className={styles.header}>
      <Link className={styles.brand} href="/">
        <Mark /> soma
      </Link>
      <dl className={styles.facts}>
        <div>
          <dt>Tenant</dt>
          <dd>{me.tenant}</dd>
        </div>
        <div>
          <dt>Signed in as</dt>
          <dd>{me.subject}</dd>
        </div>
        <ServerFacts />
      </dl>
      <ThemeSwitch />
    </header>
  );
}

function ServerFacts(): ReactNode {
  const [{ data, error }] = useGraphQuery(StatusDocument, {});
  const model = data?.modelStatus;
  return (
    <>
      <div>
        <dt>Model</dt>
        <dd title={model?.reason} data-model-is-ai={model?.isAi}>
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

/** A set of rules must not pass for an AI. */
export function modelWords({ isAi, provider, model }: StatusQuery["modelStatus"]): string {
  return isAi ? `${model} · ${provider}` : "scripted model, not an AI";
}

export function healthWords({ status, components }: StatusQuery["health"]): string {
  const names = components.filter((component) => component.status !== "OK").map((component) => component.name);
  const word = status === "DOWN" ? "■ Down" : "▲ Degraded";
  return names.length === 0 ? word : `${word}: ${names.join(", ")}`;
}
