// The frame of every page: navigation, connection and preferences.
import type { ComponentChildren } from "preact";
import { useCallback, useState } from "preact/hooks";
import { hasLogin, mayDecide, userName } from "../access.ts";
import { Icon } from "../format/icon.tsx";
import { useObservable } from "../observable.ts";
import { nextChoice, ZONES, zone } from "../preferences.ts";
import { HOME, pathOf, type Route } from "../route.ts";
import { Connection, SignedOut } from "./connection.tsx";
import { Help } from "./help.tsx";
import { Messages } from "./messages.tsx";
import { goThroughRows } from "./row-keys.ts";
import { goByKey, useKey } from "./shortcuts.ts";
import { THEMES, theme } from "./theme.ts";

export function Shell({ route, children }: { route: Route; children: ComponentChildren }) {
  const [isHelpOpen, setHelpOpen] = useState(false);
  const pressed = useCallback((event: KeyboardEvent) => {
    if (event.key === "?") setHelpOpen(true);
    goByKey(event);
    goThroughRows(event);
  }, []);
  useKey(pressed);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <nav aria-label="Console">
          <a class="brand" href={HOME} aria-current={route.page === "queues" ? "page" : undefined}>
            Task queues
          </a>
          <PageLink page="cron" at={route}>
            Cron
          </PageLink>
          <PageLink page="alerts" at={route}>
            Alerts
          </PageLink>
          <PageLink page="costs" at={route}>
            Costs
          </PageLink>
          <PageLink page="plan" at={route}>
            Plan
          </PageLink>
          {mayDecide() && (
            <PageLink page="audit" at={route}>
              Audit
            </PageLink>
          )}
        </nav>
        <Connection />
        <ZoneSwitch />
        <ThemeSwitch />
        <button
          type="button"
          class="bare"
          aria-label="Keys"
          title="Keys (?)"
          onClick={() => setHelpOpen(true)}
        >
          ?
        </button>
        <SignOut />
      </header>
      <main id="main" tabIndex={-1}>
        <SignedOut />
        {children}
      </main>
      <Messages />
      {isHelpOpen && <Help onClose={() => setHelpOpen(false)} />}
    </>
  );
}

interface PageLinkProps {
  page: "alerts" | "cron" | "costs" | "plan" | "audit";
  at: Route;
  children: ComponentChildren;
}

function PageLink({ page, at, children }: PageLinkProps) {
  return (
    <a href={pathOf({ page })} aria-current={at.page === page ? "page" : undefined}>
      {children}
    </a>
  );
}

function ZoneSwitch() {
  const shown = useObservable(zone);
  const text = shown === "utc" ? "UTC" : "Local";
  return (
    <button
      type="button"
      class="bare"
      title="Times as this place has them, or in UTC"
      aria-label={`Times: ${text}`}
      onClick={() => zone.set(nextChoice(ZONES, shown))}
    >
      {text}
    </button>
  );
}

const THEME_ICONS = { system: "system", light: "sun", dark: "moon" } as const;

function ThemeSwitch() {
  const chosen = useObservable(theme);
  return (
    <button
      type="button"
      class="bare"
      title={`Colours: ${chosen}`}
      aria-label={`Colours: ${chosen}`}
      onClick={() => theme.set(nextChoice(THEMES, chosen))}
    >
      <Icon name={THEME_ICONS[chosen]} />
    </button>
  );
}

function SignOut() {
  if (!hasLogin()) return null;
  return (
    <form method="post" action={`${pathOf({ page: "queues" })}/logout`}>
      <button type="submit" class="bare" title={`Signed in with the token ${userName()}`}>
        Sign out {userName()}
      </button>
    </form>
  );
}
