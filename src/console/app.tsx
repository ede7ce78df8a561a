// Renders the page of the current route, and sets the title.
import { useEffect } from "preact/hooks";
import { AlertsPage } from "./alerts/alerts-page.tsx";
import { AuditPage } from "./audit/audit-page.tsx";
import { CostsPage } from "./costs/costs-page.tsx";
import { CronPage } from "./cron/cron-page.tsx";
import { FailuresPage } from "./failures/failures-page.tsx";
import { GroupPage } from "./group/group-page.tsx";
import { KeysPage } from "./keys/keys-page.tsx";
import { useRoute } from "./navigation.ts";
import { PlanPage } from "./plan/plan-page.tsx";
import { PreviewPage } from "./preview/preview-page.tsx";
import { QueuePage } from "./queue/queue-page.tsx";
import { QueuesPage } from "./queues/queues-page.tsx";
import { HOME, type Route, titleOf } from "./route.ts";
import { Shell } from "./shell/shell.tsx";
import { TaskPage } from "./task/task-page.tsx";

export function App() {
  const route = useRoute();
  const title = titleOf(route);
  useEffect(() => {
    document.title = title;
  }, [title]);
  return <Shell route={route}>{pageOf(route)}</Shell>;
}

// Keyed by resource, so that no state of one queue or task remains when another is opened.
function pageOf(route: Route) {
  switch (route.page) {
    case "queues":
      return <QueuesPage />;
    case "queue":
      return <QueuePage key={route.queue} name={route.queue} />;
    case "task":
      return (
        <TaskPage key={`${route.queue}/${route.task}`} queue={route.queue} name={route.task} />
      );
    case "preview":
      return <PreviewPage key={route.queue} name={route.queue} />;
    case "keys":
      return <KeysPage key={route.queue} queue={route.queue} />;
    case "failures":
      return <FailuresPage key={route.queue} queue={route.queue} />;
    case "group":
      return <GroupPage key={route.group} name={route.group} />;
    case "cron":
      return <CronPage />;
    case "alerts":
      return <AlertsPage />;
    case "audit":
      return <AuditPage />;
    case "costs":
      return <CostsPage />;
    case "plan":
      return <PlanPage />;
    default:
      return <NotHere />;
  }
}

function NotHere() {
  return (
    <section class="empty">
      <h1>There is no such page</h1>
      <p>
        <a href={HOME}>All queues</a>
      </p>
    </section>
  );
}
