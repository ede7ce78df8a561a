// The group section of the task page.
import { pathOf } from "../route.ts";
import { GroupBar } from "./group-bar.tsx";
import { useGroup } from "./use-group.ts";

export function GroupSummary({ name, role }: { name: string; role: "waits for" | "part of" }) {
  const { group, error } = useGroup(name);
  const isOver = group !== undefined && group.state !== "running";
  return (
    <section class="panel" aria-label="Group">
      <div class="panel-head">
        <h2>
          {role === "part of" ? "Part of group" : isOver ? "Waited for group" : "Waits for group"}{" "}
          <a href={pathOf({ page: "group", group: name })}>{name}</a>
        </h2>
        {group && <span class="muted">{group.state}</span>}
      </div>
      {group ? <GroupBar group={group} /> : <p class="empty">{error?.message ?? "…"}</p>}
    </section>
  );
}
